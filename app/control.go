package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tributary/operator"
	"tributary/queue"
	"tributary/queue/localq"
)

// controlPath is the socket on which a serving process lets commands of the same
// user reach what only it has: its embedded queue, which is open in one process only,
// the engine of WhatsApp numbers, and mails that no server took.
func controlPath(dir string) string { return filepath.Join(dir, "control.sock") }

// serveControl listens on the control socket. Processes that share a DATA_DIR, as
// some roles may, answer alike: the first one keeps it.
func (a *App) serveControl() error {
	path := controlPath(a.cfg.DataDir)
	if conn, err := new(net.Dialer).DialContext(a.life, "unix", path); err == nil {
		a.log.Info("another process answers commands in this DATA_DIR")
		return conn.Close()
	}
	l, err := listenControl(a.life, path)
	if err != nil {
		// A path too long for a socket, or a directory that is missing or not ours, must
		// not keep the program from serving.
		a.log.Warn("no control socket: commands will not work beside this process", "error", err)
		return nil
	}
	server := &http.Server{Handler: a.controlHandler(), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("control socket ended", "error", err)
		}
	}()
	a.onStop("control socket", server.Shutdown)
	return nil
}

// listenControl takes the socket. Nobody answers on an old one: it was left by a crash.
func listenControl(ctx context.Context, path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("DATA_DIR: %w", err), l.Close())
	}
	return l, nil
}

// controlAnswer is what the socket answers.
type controlAnswer struct {
	Stats   *queue.Stats    `json:",omitempty"`
	Entries []queue.Entry   `json:",omitempty"`
	Result  json.RawMessage `json:",omitempty"` // of calls about WhatsApp numbers and mails
	Error   string          `json:",omitempty"`
	Missing bool            `json:",omitempty"`
}

func (a *App) controlHandler() http.Handler {
	var q operator.Queue = a.queue
	mux := http.NewServeMux()
	handle := func(pattern string, f func(context.Context, url.Values) (controlAnswer, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := f(r.Context(), r.URL.Query())
			if err != nil {
				answer = controlAnswer{Error: err.Error(), Missing: errors.Is(err, queue.ErrNotFound)}
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer) // the command is gone: nobody to tell
		})
	}
	handle("GET /stats", func(ctx context.Context, _ url.Values) (controlAnswer, error) {
		s, err := q.Stats(ctx)
		return controlAnswer{Stats: &s}, err
	})
	handle("GET /list", func(ctx context.Context, v url.Values) (controlAnswer, error) {
		limit, _ := strconv.Atoi(v.Get("limit"))
		list, err := q.List(ctx, queue.Filter{State: v.Get("state"), Channel: v.Get("channel"), Limit: limit, Brief: v.Get("brief") != ""})
		return controlAnswer{Entries: list}, err
	})
	handle("GET /show", func(ctx context.Context, v url.Values) (controlAnswer, error) {
		e, err := q.Show(ctx, v.Get("id"))
		return controlAnswer{Entries: []queue.Entry{e}}, err
	})
	handle("POST /replay", func(ctx context.Context, v url.Values) (controlAnswer, error) {
		return controlAnswer{}, q.Replay(ctx, v.Get("id"))
	})
	handle("POST /discard", func(ctx context.Context, v url.Values) (controlAnswer, error) {
		return controlAnswer{}, q.Discard(ctx, v.Get("id"))
	})
	controlNumbers(handle, a.whatsapp)
	controlMails(handle, a.store)
	handle("GET /spool", func(context.Context, url.Values) (controlAnswer, error) {
		depth := int64(0)
		if a.spool != nil {
			depth = a.spool.Depth()
		}
		raw, err := json.Marshal(depth)
		return controlAnswer{Result: raw}, err
	})
	handle("POST /keys", func(ctx context.Context, v url.Values) (controlAnswer, error) {
		if err := a.keys.follow(ctx, a.store); err != nil {
			return controlAnswer{}, err
		}
		raw, err := json.Marshal(a.keys.knows(v.Get("id")))
		return controlAnswer{Result: raw}, err
	})
	return mux
}

// OpenInspector reaches the configured queue: Redis, the embedded queue of a
// process that serves, or its file when none does.
func OpenInspector(ctx context.Context, cfg *Config) (operator.Queue, func() error, error) {
	if cfg.RedisURL != "" {
		client, q, err := openRedis(cfg)
		if err != nil {
			return nil, nil, err
		}
		return q, func() error { return errors.Join(q.Close(), client.Close()) }, nil
	}
	if conn, err := new(net.Dialer).DialContext(ctx, "unix", controlPath(cfg.DataDir)); err == nil {
		_ = conn.Close()
		return newControlClient(controlPath(cfg.DataDir)), func() error { return nil }, nil
	}
	path := filepath.Join(cfg.DataDir, queueFile)
	if _, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("DATA_DIR: no queue in %s", cfg.DataDir)
	}
	q, err := localq.Open(path, localq.Options{Partitions: cfg.Partitions})
	if err != nil {
		return nil, nil, err
	}
	return q, q.Close, nil
}

// controlClient is the queue of a process that serves.
type controlClient struct{ http *http.Client }

func newControlClient(path string) *controlClient {
	// A health read waits for Meta, whose calls take 15 s at most, and three may follow
	// each other.
	return &controlClient{&http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}}
}

func (c *controlClient) call(ctx context.Context, method, path string, query url.Values) (controlAnswer, error) {
	var answer controlAnswer
	req, err := http.NewRequestWithContext(ctx, method, "http://control"+path+"?"+query.Encode(), nil)
	if err != nil {
		return answer, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer, fmt.Errorf("app: control socket: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer, fmt.Errorf("app: control socket: %w", err)
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, fmt.Errorf("app: control socket: %w", err)
	}
	switch {
	case answer.Missing:
		return answer, queue.ErrNotFound
	case answer.Error != "":
		return answer, errors.New(answer.Error)
	}
	return answer, nil
}

// ask is call, for those whose answer is a Result.
func (c *controlClient) ask(ctx context.Context, method, path string, query url.Values, out any) error {
	answer, err := c.call(ctx, method, path, query)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.Result, out); err != nil {
		return fmt.Errorf("app: control socket: %w", err)
	}
	return nil
}

// Stats implements operator.Queue.
func (c *controlClient) Stats(ctx context.Context) (queue.Stats, error) {
	a, err := c.call(ctx, http.MethodGet, "/stats", nil)
	if err != nil || a.Stats == nil {
		return queue.Stats{}, err
	}
	return *a.Stats, nil
}

// List implements operator.Queue.
func (c *controlClient) List(ctx context.Context, f queue.Filter) ([]queue.Entry, error) {
	query := url.Values{"state": {f.State}, "channel": {f.Channel}, "limit": {strconv.Itoa(f.Limit)}}
	if f.Brief {
		query.Set("brief", "1")
	}
	a, err := c.call(ctx, http.MethodGet, "/list", query)
	return a.Entries, err
}

// Show implements operator.Queue.
func (c *controlClient) Show(ctx context.Context, id string) (queue.Entry, error) {
	a, err := c.call(ctx, http.MethodGet, "/show", url.Values{"id": {id}})
	if err != nil || len(a.Entries) == 0 {
		return queue.Entry{}, err
	}
	return a.Entries[0], nil
}

// Replay implements operator.Queue.
func (c *controlClient) Replay(ctx context.Context, id string) error {
	_, err := c.call(ctx, http.MethodPost, "/replay", url.Values{"id": {id}})
	return err
}

// Discard implements operator.Queue.
func (c *controlClient) Discard(ctx context.Context, id string) error {
	_, err := c.call(ctx, http.MethodPost, "/discard", url.Values{"id": {id}})
	return err
}
