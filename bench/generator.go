package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// childArgument makes this program the load generator.
const childArgument = "load-generator"

// order is what the generator is told to do; exactly one member is set.
type order struct {
	Attack  *attack  `json:"attack,omitempty"`
	Replies *replies `json:"replies,omitempty"`
	Listen  *listen  `json:"listen,omitempty"`
}

// attack sends webhooks over keep-alive connections, one request at a time each.
type attack struct {
	Address     string        `json:"address"`
	Requests    [][]byte      `json:"requests"` // complete HTTP/1.1 requests, sent in turn
	Connections int           `json:"connections"`
	For         time.Duration `json:"for"`
	Rate        float64       `json:"rate"` // requests a second; 0: as many as are answered
}

// replies writes replies through the API and waits for them to arrive at the
// provider, which the generator plays.
type replies struct {
	Address     string   `json:"address"`
	Token       string   `json:"token"`
	Paths       []string `json:"paths"` // of the conversations' messages, in turn
	Count       int      `json:"count"`
	Connections int      `json:"connections"`
	Rate        float64  `json:"rate"` // 0: as many as are answered
	// Hanging are conversations of an inbox whose provider never answers; a reply
	// is written to each of them first.
	Hanging     []string `json:"hanging"`
	HangingHint string   `json:"hanging_hint"` // bearer token of that inbox
}

// outcome is what the generator saw.
type outcome struct {
	Error   string        `json:"error,omitempty"`
	Done    int           `json:"done"`
	Failed  int           `json:"failed"`
	Elapsed time.Duration `json:"elapsed"`
	P50     time.Duration `json:"p50"`
	P99     time.Duration `json:"p99"`
	Max     time.Duration `json:"max"`
	// Arrivals are the frames that a listen saw.
	Arrivals []arrival `json:"arrivals,omitempty"`
}

func (o outcome) perSecond() float64 { return float64(o.Done) / o.Elapsed.Seconds() }

// generator is the child process.
type generator struct {
	cmd      *exec.Cmd
	stop     func() error
	in       *json.Encoder
	out      *json.Decoder
	provider string // address of the provider that it plays
}

func startGenerator() (*generator, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, childArgument)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	g := &generator{
		cmd: cmd, in: json.NewEncoder(in), out: json.NewDecoder(out),
		stop: func() error { return errors.Join(in.Close(), cmd.Wait()) },
	}
	if err := g.out.Decode(&g.provider); err != nil {
		return nil, errors.Join(fmt.Errorf("load generator: %w", err), g.close())
	}
	return g, nil
}

// do runs one order.
func (g *generator) do(o order) (outcome, error) {
	if err := g.in.Encode(o); err != nil {
		return outcome{}, fmt.Errorf("load generator: %w", err)
	}
	var result outcome
	if err := g.out.Decode(&result); err != nil {
		return outcome{}, fmt.Errorf("load generator: %w", err)
	}
	if result.Error != "" {
		return result, errors.New("load generator: " + result.Error)
	}
	return result, nil
}

// close ends the child: it reads until its input ends.
func (g *generator) close() error { return g.stop() }
