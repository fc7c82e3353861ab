package validate

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// program is the real one, built and serving with some roles.
type program struct {
	t      *testing.T
	binary string
}

func buildProgram(t *testing.T) *program {
	t.Helper()
	p := &program{t: t, binary: filepath.Join(t.TempDir(), "tributary")}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", p.binary, "./cmd/tributary")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return p
}

// serve starts it on the embedded back end and gives its address.
func (p *program) serve(roles string) string {
	p.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		p.t.Fatal(err)
	}
	env := []string{"ROLES=" + roles, fmt.Sprintf("PORT=%d", port), "DATA_DIR=" + p.t.TempDir(), "LOG_LEVEL=error"}
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	cmd := exec.CommandContext(ctx, p.binary, "serve")
	cmd.Env, cmd.Stderr = env, os.Stderr
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	ready := exec.CommandContext(p.t.Context(), p.binary, "ready", "--wait", "30s")
	ready.Env = env
	if out, err := ready.CombinedOutput(); err != nil {
		p.t.Fatalf("tributary ready: %v\n%s", err, out)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}

func (p *program) ask(method, address string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, address, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	client := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// routed is the Service that an Ingress sends a path to: the longest prefix counts.
func (c *cluster) routed(path string) string {
	longest, service := "", ""
	for _, i := range c.ingresses {
		for _, rule := range i.Spec.Rules {
			for _, p := range rule.HTTP.Paths {
				prefix := strings.TrimSuffix(p.Path, "/")
				if (path == prefix || strings.HasPrefix(path, prefix+"/")) && len(p.Path) > len(longest) {
					longest, service = p.Path, p.Backend.Service.Name
				}
			}
		}
	}
	return service
}

// caddied is where the Caddyfile sends a path.
func caddied(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^\s*@webhooks path (.*)$`).FindSubmatch(text)
	if m == nil {
		t.Fatal("the Caddyfile names no webhooks")
	}
	for pattern := range strings.FieldsSeq(string(m[1])) {
		prefix, open := strings.CutSuffix(pattern, "*")
		if path == pattern || open && strings.HasPrefix(path, prefix) {
			return "edge"
		}
	}
	return "api"
}

// own are paths that each process answers for itself.
var own = []string{"/livez", "/readyz", "/metrics"}

// TestProgram asks the program itself: each of its routes is sent to the role that
// has it, and the metric that workers are scaled on is there.
func TestProgram(t *testing.T) {
	t.Parallel()
	p := buildProgram(t)
	edge, api, worker := p.serve("edge"), p.serve("api"), p.serve("worker")
	c, err := decode(build(t, overlays[0]))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), p.binary, "routes").Output()
	if err != nil {
		t.Fatalf("tributary routes: %v", err)
	}
	hooks, rest := 0, 0
	for line := range strings.Lines(string(out)) {
		method, path, _ := strings.Cut(line, "\t")
		path, _, _ = strings.Cut(path, "\t")
		if slices.Contains(own, path) {
			continue
		}
		path = regexp.MustCompile(`[:*][a-z_]+`).ReplaceAllString(path, "1")
		// An edge answers 405 to a method that none of its routes has, and 404 to what
		// is no route of its own.
		want, caddy := "tributary-edge", "edge"
		if status, _ := p.ask("PURGE", edge+path); status == http.StatusMethodNotAllowed {
			hooks++
			if status, _ := p.ask(method, api+path); status != http.StatusNotFound {
				t.Errorf("%s %s: the API answers %d, too", method, path, status)
			}
		} else {
			rest++
			want, caddy = "tributary-api", "api"
			if status, _ := p.ask(method, edge+path); status != http.StatusNotFound {
				t.Errorf("%s %s: the edge answers %d, too", method, path, status)
			}
		}
		if got := c.routed(path); got != want {
			t.Errorf("%s %s is sent to %s, it belongs to %s", method, path, got, want)
		}
		if got := caddied(t, path); got != caddy {
			t.Errorf("%s %s is sent to %s by the Caddyfile, it belongs to %s", method, path, got, caddy)
		}
	}
	if hooks < 10 || rest < 200 {
		t.Errorf("%d routes of the edge, %d of the API", hooks, rest)
	}
	for _, path := range []string{"/", "/app", "/app/conversations", "/brand-assets/logo.svg"} {
		if got := c.routed(path); got != "tributary-api" {
			t.Errorf("%s is sent to %s", path, got)
		}
	}
	_, metrics := p.ask(http.MethodGet, worker+"/metrics")
	external := 0
	for _, s := range c.scalers {
		for _, m := range s.Spec.Metrics {
			if m.External == nil {
				continue
			}
			external++
			name := m.External.Metric.Name
			if !strings.Contains(metrics, "\n"+name+"{") {
				t.Errorf("%s scales on %s, which a worker does not report", s.Name, name)
			}
			adapter, err := os.ReadFile("../kubernetes/prometheus-adapter.yaml")
			if err != nil || !strings.Contains(string(adapter), "as: "+name) {
				t.Errorf("prometheus-adapter.yaml does not give %s (%v)", name, err)
			}
		}
	}
	if external == 0 {
		t.Error("nothing is scaled on the queue")
	}
}
