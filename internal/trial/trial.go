// Package trial is what benchmarks, faults and end-to-end tests have in common when they
// run the program against real services: ports, waiting, and lines that break.
package trial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// FreePort is a TCP port of loopback that nobody listens on.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// Await asks until ok, at most for bound, resting step between.
func Await(ctx context.Context, bound, step time.Duration, what string, ok func() (bool, error)) error {
	for end := time.Now().Add(bound); ; {
		done, err := ok()
		if done || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %s for %s", bound, what)
		}
		if err := Sleep(ctx, step); err != nil {
			return err
		}
	}
}

// Sleep lets some time pass.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
