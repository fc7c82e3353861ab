package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

// readyTimeout is longer than the process itself takes to ask its parts.
const readyTimeout = probeTimeout + 2*time.Second

// CheckReady asks the process that serves with this configuration, on this machine,
// whether it is ready; with alive only whether it can serve at all. Its error names
// what is not well.
func CheckReady(ctx context.Context, cfg *Config, alive bool) error {
	if cfg.Port == 0 {
		return errors.New("PORT: 0 does not say where the process listens")
	}
	host := cfg.Bind
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	path := "/readyz"
	if alive {
		path = "/livez"
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	address := "http://" + net.JoinHostPort(host, strconv.Itoa(cfg.Port)) + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("BIND: %w", err)
	}
	// No proxy of the environment stands between a machine and itself.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("nobody answers: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if res.StatusCode == http.StatusOK {
		return nil
	}
	var r readiness
	var bad []string
	if json.Unmarshal(body, &r) == nil {
		for name, p := range r.Parts {
			if !p.OK {
				bad = append(bad, name+": "+p.Detail)
			}
		}
	}
	sort.Strings(bad)
	return fmt.Errorf("not ready (%d): %s", res.StatusCode, strings.Join(bad, "; "))
}
