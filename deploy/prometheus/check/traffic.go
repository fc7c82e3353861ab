package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tributary/simulator"
)

// metricsToken opens /metrics of the program.
const metricsToken = "the check's token"

// kinds are the channels that customers write to: those that the API connects.
var kinds = []simulator.Kind{
	simulator.Telegram, simulator.Line, simulator.SMS, simulator.WhatsAppCloud, simulator.TwilioSMS,
}

// traffic is the program with customers who write, agents who answer, and endpoints
// that are told.
type traffic struct {
	sim     *simulator.Simulator
	process *process
	address string
	account string // path of the API
	token   string
	running sync.WaitGroup
	stops   []func() error
}

func (t *traffic) onStop(f func() error) { t.stops = append(t.stops, f) }

// stop ends all that was started, the last first.
func (t *traffic) stop() error {
	var all error
	for _, stop := range slices.Backward(t.stops) {
		all = errors.Join(all, stop())
	}
	return all
}

func startTraffic(ctx context.Context, binary, dir string) (_ *traffic, err error) {
	t := &traffic{}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.stop())
		}
	}()
	if t.sim, err = simulator.Start(ctx, simulator.Options{Kinds: kinds, Receipts: true}); err != nil {
		return nil, err
	}
	t.onStop(t.sim.Close)
	if t.address, err = freePort(ctx); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(t.address)
	if err != nil {
		return nil, err
	}
	environ := []string{
		"BIND=127.0.0.1", "PORT=" + port, "DATA_DIR=" + filepath.Join(dir, "data"), "METRICS_TOKEN=" + metricsToken,
		"OUTBOUND_ALLOW_PRIVATE=true", "RELAY_RETRY_BASE=1s", "LOG_LEVEL=error",
	}
	for k, v := range t.sim.Settings() {
		environ = append(environ, k+"="+v)
	}
	if t.process, err = start(ctx, dir, "tributary", environ, binary, "serve"); err != nil {
		return nil, err
	}
	t.onStop(t.process.stop)
	base := "http://" + t.address
	t.sim.SetTarget(base, base)
	if err := until(ctx, "the program to be ready", func() error { return t.call(ctx, http.MethodGet, base+"/readyz", nil, nil) }); err != nil {
		return nil, err
	}
	if err := t.bootstrap(ctx, binary, environ); err != nil {
		return nil, err
	}
	if err := t.subscribe(ctx); err != nil {
		return nil, err
	}
	work, end := context.WithCancel(ctx)
	t.onStop(func() error { end(); t.running.Wait(); return nil })
	for _, kind := range kinds {
		if err := t.connect(ctx, t.sim.Channel(kind)); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		t.running.Go(func() { t.write(work, t.sim.Channel(kind)) })
	}
	t.running.Go(func() { t.answer(work) })
	return t, nil
}

// bootstrap makes the first account.
func (t *traffic) bootstrap(ctx context.Context, binary string, environ []string) error {
	c := exec.CommandContext(ctx, binary, "bootstrap", "--email", "sre@example.test", "--password", "not a secret", "--account", "Check", "--json")
	c.Env = environ
	out, err := c.Output()
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	var me struct {
		ID    int64  `json:"account_id"`
		Token string `json:"api_access_token"`
	}
	if err := json.Unmarshal(out, &me); err != nil {
		return fmt.Errorf("bootstrap: %w: %s", err, out)
	}
	t.account, t.token = fmt.Sprintf("http://%s/api/v1/accounts/%d/", t.address, me.ID), me.Token
	return nil
}

// subscribe makes an endpoint that takes what it is told.
func (t *traffic) subscribe(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler:           http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	}
	go func() { _ = server.Serve(l) }()
	t.onStop(server.Close)
	return t.call(ctx, http.MethodPost, t.account+"webhooks", map[string]any{"webhook": map[string]any{
		"url": "http://" + l.Addr().String() + "/told", "subscriptions": []string{"message_created", "conversation_created"},
	}}, nil)
}

func (t *traffic) connect(ctx context.Context, c *simulator.Channel) error {
	if err := t.call(ctx, http.MethodPost, t.account+c.CreatePath(), c.Params(), nil); err != nil {
		return err
	}
	return t.sim.WaitReady(ctx, c)
}

// write has customers write, and somebody who cannot prove to be the provider.
func (t *traffic) write(ctx context.Context, c *simulator.Channel) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	base := "http://" + t.address
	for i := 0; ctx.Err() == nil; i++ {
		person := c.Person(i % 5)
		in := simulator.Incoming{From: person.From, Name: person.Name, Text: fmt.Sprintf("message %d", i)}
		if i%5 == 4 {
			if d, err := t.sim.BuildBadSignature(c, in, t.sim.Public(c, base)); err == nil {
				_, _ = t.sim.Post(ctx, base, d) // it is refused
			}
		} else {
			_, _ = t.sim.Deliver(ctx, base, c, in) // what is not taken shows in the metrics
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// answer has an agent answer whoever wrote last.
func (t *traffic) answer(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		var list struct {
			Data struct {
				Payload []struct {
					ID int64 `json:"id"`
				} `json:"payload"`
			} `json:"data"`
		}
		if err := t.call(ctx, http.MethodGet, t.account+"conversations?status=all", nil, &list); err == nil {
			for _, c := range list.Data.Payload {
				_ = t.call(ctx, http.MethodPost, fmt.Sprintf("%sconversations/%d/messages", t.account, c.ID), map[string]any{"content": "an answer"}, nil)
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// call calls the program.
func (t *traffic) call(ctx context.Context, method, address string, body, out any) error {
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return err
	}
	req.Header.Set("api_access_token", t.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, strings.TrimPrefix(address, "http://"+t.address), res.StatusCode, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
