package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// child is the load generator: it plays the provider, and does what it reads
// from in.
func child(in io.Reader, out io.Writer) error {
	p, err := startProvider()
	if err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	if err := answers.Encode(p.address); err != nil {
		return err
	}
	for orders := json.NewDecoder(in); ; {
		var o order
		if err := orders.Decode(&o); err != nil {
			if errors.Is(err, io.EOF) {
				return p.close()
			}
			return err
		}
		var result outcome
		var err error
		switch {
		case o.Attack != nil:
			result, err = o.Attack.run()
		case o.Replies != nil:
			result, err = o.Replies.run(p)
		case o.Listen != nil:
			result, err = o.Listen.run()
		}
		if err != nil {
			result.Error = err.Error()
		}
		if err := answers.Encode(result); err != nil {
			return err
		}
	}
}

// connection speaks HTTP/1.1 with as little work as possible, since it takes its
// time from the server that is measured.
type connection struct {
	net.Conn
	r *bufio.Reader
}

func dial(address string) (*connection, error) {
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &connection{c, bufio.NewReaderSize(c, 4096)}, nil
}

// exchange sends one request and reads its answer; the body is not kept.
func (c *connection) exchange(request []byte) (status int, err error) {
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("answer %q", line)
	}
	status, err = strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, fmt.Errorf("answer %q", line)
	}
	length := 0
	for {
		line, err = c.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		const name = "content-length:"
		if len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(name):]))); err != nil {
				return 0, fmt.Errorf("answer %q", line)
			}
		}
	}
	_, err = c.r.Discard(length)
	return status, err
}

// must exchanges and takes no answer but 200.
func (c *connection) must(request []byte) error {
	status, err := c.exchange(request)
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d", status)
	}
	return err
}

// run attacks. Every connection sends its next request when the last one is
// answered or, with a rate, when its turn comes.
func (a *attack) run() (outcome, error) {
	var next atomic.Int64
	var failed atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var first error
	var workers sync.WaitGroup
	connections := make([]*connection, a.Connections)
	for i := range connections {
		c, err := dial(a.Address)
		if err != nil {
			return outcome{}, err
		}
		defer func() { _ = c.Close() }()
		connections[i] = c
	}
	start := time.Now()
	end := start.Add(a.For)
	for _, c := range connections {
		workers.Go(func() {
			var latencies []time.Duration
			for {
				i := next.Add(1) - 1
				due := time.Now()
				if a.Rate > 0 {
					due = start.Add(time.Duration(float64(i) / a.Rate * float64(time.Second)))
					time.Sleep(time.Until(due))
				}
				if !due.Before(end) {
					break
				}
				status, err := c.exchange(a.Requests[i%int64(len(a.Requests))])
				if err != nil {
					mu.Lock()
					first = errors.Join(first, err)
					mu.Unlock()
					break
				}
				if status != 200 {
					failed.Add(1)
					continue
				}
				latencies = append(latencies, time.Since(due))
			}
			mu.Lock()
			all = append(all, latencies...)
			mu.Unlock()
		})
	}
	workers.Wait()
	return summary(all, int(failed.Load()), time.Since(start)), first
}

func summary(all []time.Duration, failed int, elapsed time.Duration) outcome {
	slices.Sort(all)
	return outcome{
		Done: len(all), Failed: failed, Elapsed: elapsed,
		P50: quantile(all, 0.5), P99: quantile(all, 0.99), Max: quantile(all, 1),
	}
}
