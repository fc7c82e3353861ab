package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// query is what a dashboard asks.
type query struct{ where, expr string }

// String implements fmt.Stringer.
func (q query) String() string { return q.where + ": " + q.expr }

// dashboards reads the queries of all dashboards, with all chosen at the top.
func dashboards(dir string) ([]query, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no dashboards in %s: %w", dir, err)
	}
	var out []query
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // of the folder that was named
		if err != nil {
			return nil, err
		}
		var d struct {
			Title  string `json:"title"`
			Panels []struct {
				Title   string `json:"title"`
				Targets []struct {
					Expr string `json:"expr"`
				} `json:"targets"`
			} `json:"panels"`
			Templating struct {
				List []struct {
					Name string `json:"name"`
				} `json:"list"`
			} `json:"templating"`
		}
		if err := json.Unmarshal(text, &d); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		replace := []string{"$__rate_interval", "10s"}
		for _, v := range d.Templating.List {
			replace = append(replace, "$"+v.Name, ".*")
		}
		for _, p := range d.Panels {
			for _, t := range p.Targets {
				out = append(out, query{d.Title + ", " + p.Title, strings.NewReplacer(replace...).Replace(t.Expr)})
			}
		}
	}
	return out, nil
}

// server is a Prometheus.
type server struct {
	process *process
	url     string
}

// startPrometheus starts one that scrapes the program each second, with the rules.
func startPrometheus(ctx context.Context, binary, rules, dir string, t *traffic) (*server, error) {
	address, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	if rules, err = filepath.Abs(rules); err != nil {
		return nil, err
	}
	token := filepath.Join(dir, "metrics-token")
	if err := os.WriteFile(token, []byte(metricsToken+"\n"), 0o600); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [ %q ]
scrape_configs:
  - job_name: tributary
    authorization: { credentials_file: %q }
    static_configs: [ { targets: [ %q ], labels: { role: all } } ]
`, filepath.Join(rules, "*.yml"), token, t.address), 0o600); err != nil {
		return nil, err
	}
	p, err := start(ctx, dir, "prometheus", nil, binary, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "tsdb"),
		"--web.listen-address="+address, "--log.level=warn")
	if err != nil {
		return nil, err
	}
	s := &server{p, "http://" + address}
	if err := until(ctx, "Prometheus to scrape the program", func() error {
		n, err := s.ask(ctx, `up{job="tributary"} == 1`)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d targets are up", n)
		}
		return err
	}); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return s, nil
}

// get calls Prometheus' API.
func (s *server) get(ctx context.Context, path string, data any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Status != "success" {
		return fmt.Errorf("prometheus: %d %s %s", res.StatusCode, answer.Error, body)
	}
	return json.Unmarshal(answer.Data, data)
}

// ask gives the number of series of an answer.
func (s *server) ask(ctx context.Context, expr string) (int, error) {
	var data struct {
		Result []json.RawMessage `json:"result"`
	}
	err := s.get(ctx, "/api/v1/query?query="+url.QueryEscape(expr), &data)
	return len(data.Result), err
}

// rules gives the number of rules that were evaluated, and an error while one was not or
// failed.
func (s *server) rules(ctx context.Context) (int, error) {
	var data struct {
		Groups []struct {
			Rules []struct {
				Name      string `json:"name"`
				Query     string `json:"query"`
				Health    string `json:"health"`
				LastError string `json:"lastError"`
			} `json:"rules"`
		} `json:"groups"`
	}
	if err := s.get(ctx, "/api/v1/rules", &data); err != nil {
		return 0, err
	}
	var wrong error
	n := 0
	for _, g := range data.Groups {
		for _, r := range g.Rules {
			n++
			if r.Health != "ok" {
				wrong = errors.Join(wrong, fmt.Errorf("rule %s is %s: %s", r.Name, r.Health, r.LastError))
			}
			if _, err := s.ask(ctx, r.Query); err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("rule %s: %w", r.Name, err))
			}
		}
	}
	if n == 0 {
		wrong = errors.New("there are no rules")
	}
	return n, wrong
}
