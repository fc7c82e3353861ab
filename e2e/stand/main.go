// Command stand lends the provider simulator to tests that are not written in Go:
// it starts one, prints where it is and which settings point the program at it, and
// takes commands as JSON. It ends when its standard input does, so that no test
// leaves it behind.
//
// Every command is a POST to /do with {"do": name, …}; the answer is JSON, of status
// 422 with {"error": text} when it could not be done. The names are in commands.go,
// what the dashboard's tests know of them in dashboard/browser/stand.ts.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"tributary/simulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "stand:", err)
		os.Exit(1)
	}
}

// stand is a simulator with what has to be remembered between commands.
type stand struct {
	sim *simulator.Simulator

	mu      sync.Mutex
	base    string // where the program listens
	release func() // ends the hold of look-ups of people; nil: there is none
}

// hello is the line that says where everything is.
type hello struct {
	URL       string            `json:"url"`       // of the commands
	Providers string            `json:"providers"` // of the simulator
	Settings  map[string]string `json:"settings"`  // environment of the program
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	flags := flag.NewFlagSet("stand", flag.ContinueOnError)
	perKind := flags.Int("per-kind", 3, "identities of each kind of channel")
	receipts := flags.Bool("receipts", false, "providers report on every message that they accept")
	latency := flags.Duration("latency", 0, "how long every send takes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, in) // whoever started us is gone, or wants an end
		stop()
	}()
	sim, err := simulator.Start(ctx, simulator.Options{PerKind: *perKind, Receipts: *receipts, Latency: *latency})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sim.Close()) }()
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &stand{sim: sim}
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := json.NewEncoder(out).Encode(hello{"http://" + ln.Addr().String(), sim.URL(), sim.Settings()}); err != nil {
		return errors.Join(err, ln.Close())
	}
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// maxCommand is how long a command may be, in bytes.
const maxCommand = 1 << 20

func (s *stand) handler() http.Handler {
	all := s.commands()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /do", func(w http.ResponseWriter, r *http.Request) {
		answer, err := s.do(all, r)
		status := http.StatusOK
		if err != nil {
			status, answer = http.StatusUnprocessableEntity, map[string]string{"error": err.Error()}
		}
		b, err := json.Marshal(answer)
		if err != nil {
			status, b = http.StatusInternalServerError, []byte(`{"error":"the answer is not JSON"}`)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(b)
	})
	return mux
}

func (s *stand) do(all map[string]command, r *http.Request) (any, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCommand))
	if err != nil {
		return nil, err
	}
	var which struct {
		Do string `json:"do"`
	}
	if err := json.Unmarshal(body, &which); err != nil {
		return nil, fmt.Errorf("a command is a JSON object: %w", err)
	}
	run, ok := all[which.Do]
	if !ok {
		return nil, fmt.Errorf("there is no command %q", which.Do)
	}
	answer, err := run(r.Context(), body)
	if answer == nil {
		answer = struct{}{}
	}
	return answer, err
}
