package ingest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"

	"tributary/channels"
	"tributary/chat"
	"tributary/queue"
)

// Appender stores records durably: a queue.Log, or a spool in front of one.
type Appender interface {
	Append(ctx context.Context, records ...queue.Record) error
}

// MaxBody is the largest webhook body that is read (contract 09 §1).
const MaxBody = 1 << 20

// EdgeOptions of NewEdge.
type EdgeOptions struct {
	// Context ends when the process is out of patience with requests under way.
	// A RequestCtx is pooled and must not be used in its place.
	Context    context.Context //nolint:containedctx // it is the server's life, not a call's
	Drivers    []channels.Driver
	Directory  channels.Directory
	Appender   Appender
	Partitions int
	// Mode is the installation's signature mode.
	Mode      func() string
	PublicURL string
	Metrics   *Metrics
	// Status notes how the webhooks of inboxes are doing; nil: nobody wants to know.
	Status Status
	Log    *slog.Logger
	Now    func() time.Time
	// InFlight bounds the requests of one channel address, or of one client on a
	// shared endpoint, that are being answered at once; 0: 512.
	InFlight int
	// Instance makes delivery ids unique among processes.
	Instance string
}

// Status notes how the webhooks of inboxes are doing. Its methods return at once.
type Status interface {
	// Proven notes a request without events that knew the inbox's address and secret.
	Proven(inboxID int64)
	// Refused counts a request for an inbox that was refused.
	Refused(inboxID int64, cause string)
}

type noStatus struct{}

func (noStatus) Proven(int64)          {}
func (noStatus) Refused(int64, string) {}

// Edge answers webhooks.
type Edge struct {
	opt      EdgeOptions
	limit    *inFlight
	sequence atomic.Uint64
	prefixes [][]byte // of the paths of all hooks, up to the first parameter
}

// NewEdge makes the edge of all drivers.
func NewEdge(opt EdgeOptions) *Edge {
	if opt.InFlight == 0 {
		opt.InFlight = 512
	}
	if opt.Status == nil {
		opt.Status = noStatus{}
	}
	e := &Edge{opt: opt, limit: newInFlight(opt.InFlight)}
	seen := map[string]bool{}
	for _, d := range opt.Drivers {
		for _, h := range d.Info().Hooks {
			if prefix, _, _ := strings.Cut(h.Path, "{"); !seen[prefix] {
				seen[prefix] = true
				e.prefixes = append(e.prefixes, []byte(prefix))
			}
		}
	}
	return e
}

// Mount registers every webhook endpoint of the drivers.
func (e *Edge) Mount(r *router.Router) {
	for _, d := range e.opt.Drivers {
		for _, h := range d.Info().Hooks {
			if h.Method == http.MethodGet {
				r.Handle(h.Method, h.Path, e.challenge(d, h))
				continue
			}
			r.Handle(h.Method, h.Path, e.webhook(d, h))
		}
	}
}

// request is the driver's view of ctx. It must not outlive the handler: ctx is
// pooled and its bytes are used again.
func (e *Edge) request(ctx *fasthttp.RequestCtx, h channels.Hook) *channels.Request {
	path := string(ctx.Path())
	public := e.opt.PublicURL + string(ctx.RequestURI())
	return &channels.Request{
		Hook: h.Name, Method: h.Method, Path: path, RawQuery: string(ctx.QueryArgs().QueryString()),
		Param: func(name string) string {
			v, _ := ctx.UserValue(name).(string)
			if strings.Contains(v, "%") {
				if plain, err := url.PathUnescape(v); err == nil {
					return plain
				}
			}
			return v
		},
		Query:      func(name string) string { return string(ctx.QueryArgs().Peek(name)) },
		Header:     func(name string) string { return string(ctx.Request.Header.Peek(name)) },
		Body:       ctx.PostBody(),
		PublicURL:  public,
		ReceivedAt: e.opt.Now(),
	}
}

func (e *Edge) challenge(d channels.Driver, h channels.Hook) fasthttp.RequestHandler {
	c, ok := d.(channels.Challenger)
	if !ok {
		return func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(http.StatusMethodNotAllowed) }
	}
	return func(ctx *fasthttp.RequestCtx) {
		r := e.request(ctx, h)
		var located *channels.Channel
		if address, direct := d.Locate(r); direct {
			if found := e.opt.Directory.Find(address); len(found) > 0 {
				located = found[0]
			}
		}
		answer := c.Challenge(r, located)
		switch {
		case located == nil:
		case answer.Status >= http.StatusBadRequest:
			e.opt.Status.Refused(located.InboxID, channels.RejectVerifyToken)
		default:
			e.opt.Status.Proven(located.InboxID)
		}
		write(ctx, answer)
	}
}

func (e *Edge) webhook(d channels.Driver, h channels.Hook) fasthttp.RequestHandler {
	slug := d.Info().Slug
	received := e.opt.Metrics.Received.WithLabelValues(slug)
	e.opt.Metrics.begin(slug)
	direct := strings.Contains(h.Path, "{")
	return func(ctx *fasthttp.RequestCtx) {
		received.Inc()
		key := string(ctx.Path())
		if !direct {
			key += " " + ctx.RemoteIP().String()
		}
		if !e.limit.enter(key) {
			e.reject(ctx, d, reasonBusy, "too many requests of one address at once", busy)
			return
		}
		defer e.limit.leave(key)
		defer e.recovered(ctx, d)
		e.receive(ctx, d, h, slug)
	}
}

// recovered answers a request whose handling panicked; the provider delivers it
// again.
func (e *Edge) recovered(ctx *fasthttp.RequestCtx, d channels.Driver) {
	if p := recover(); p != nil {
		e.opt.Metrics.Panics.WithLabelValues(d.Info().Slug).Inc()
		e.opt.Log.Error("webhook handler panicked", "channel", d.Info().Slug, "panic", p, "stack", string(debug.Stack()))
		e.reject(ctx, d, reasonInternal, "", busy)
	}
}

// busy asks the provider to come again; providers redeliver on 503.
var busy = channels.Response{Status: http.StatusServiceUnavailable, Header: map[string]string{"Retry-After": "5"}}

func (e *Edge) receive(ctx *fasthttp.RequestCtx, d channels.Driver, h channels.Hook, slug string) {
	r := e.request(ctx, h)
	v := channels.Accept(d, h, r, e.opt.Directory, e.opt.Mode())
	if v.Unrouted > 0 {
		e.opt.Metrics.Unrouted.WithLabelValues(slug).Add(float64(v.Unrouted))
	}
	if v.Panic != nil {
		e.opt.Metrics.Panics.WithLabelValues(slug).Inc()
		e.opt.Log.Error("decoder panicked", "channel", slug, "panic", v.Panic)
	}
	for _, r := range v.Refusals {
		e.opt.Status.Refused(r.InboxID, r.Cause)
	}
	if v.Rejected != "" {
		e.reject(ctx, d, v.Rejected, v.Detail, v.Response)
		return
	}
	if v.Observed {
		e.opt.Metrics.Observed.WithLabelValues(slug).Inc()
		e.opt.Log.Warn("webhook accepted without proof", "channel", slug, "events", len(v.Events))
	}
	records, err := e.records(v.Events, r.Body)
	if err != nil {
		e.opt.Log.Error("events not encoded", "channel", slug, "error", err)
		e.reject(ctx, d, reasonInternal, "", busy)
		return
	}
	if len(records) > 0 {
		if err := e.opt.Appender.Append(e.opt.Context, records...); err != nil {
			reason := reasonAway
			if errors.Is(err, queue.ErrFull) {
				reason = reasonFull
			}
			if v.Channel != nil {
				e.opt.Status.Refused(v.Channel.InboxID, reason)
			}
			e.reject(ctx, d, reason, err.Error(), busy)
			return
		}
		e.opt.Metrics.Append.Observe(e.opt.Now().Sub(r.ReceivedAt).Seconds())
		for i := range v.Events {
			e.opt.Metrics.Events.WithLabelValues(v.Events[i].Channel, string(v.Events[i].Kind)).Inc()
			if channels.Panicked(&v.Events[i]) {
				e.opt.Metrics.Panics.WithLabelValues(slug).Inc()
				e.opt.Log.Error("decoder panicked", "channel", slug, "delivery", v.Events[i].Delivery, "reason", v.Events[i].Reason)
			}
		}
	}
	if len(records) == 0 && v.Proven && v.Channel != nil {
		e.opt.Status.Proven(v.Channel.InboxID)
	}
	write(ctx, v.Response)
}

// records encodes events for the queue. The body goes with the first only.
func (e *Edge) records(events []chat.Event, body []byte) ([]queue.Record, error) {
	if len(events) == 0 {
		return nil, nil
	}
	delivery := e.opt.Instance + "-" + strconv.FormatUint(e.sequence.Add(1), 36)
	records := make([]queue.Record, 0, len(events))
	for i := range events {
		ev := &events[i]
		if skipped(ev.Kind) {
			continue
		}
		ev.Delivery = delivery
		envelope := Envelope{Event: *ev}
		if len(records) == 0 {
			envelope.Body = body
		}
		payload, err := envelope.Encode()
		if err != nil {
			return nil, err
		}
		records = append(records, queue.Record{
			Partition: ev.Partition(e.opt.Partitions), Key: ev.OrderKey(), Channel: ev.Channel, Payload: payload,
		})
	}
	return records, nil
}

// skipped are the kinds that are answered and counted and leave nothing behind.
func skipped(k chat.Kind) bool { return k == chat.KindTest || k == chat.KindIgnored }

func (e *Edge) reject(ctx *fasthttp.RequestCtx, d channels.Driver, reason, detail string, response channels.Response) {
	slug := d.Info().Slug
	e.opt.Metrics.Rejected.WithLabelValues(slug, reason).Inc()
	e.opt.Log.Warn("webhook rejected", "channel", slug, "reason", reason, "detail", detail,
		"status", response.Status, "client", ctx.RemoteIP().String())
	write(ctx, response)
}

func write(ctx *fasthttp.RequestCtx, r channels.Response) {
	status := r.Status
	if status == 0 {
		status = http.StatusOK
	}
	ctx.SetStatusCode(status)
	if r.ContentType != "" {
		ctx.SetContentType(r.ContentType)
	}
	for k, v := range r.Header {
		ctx.Response.Header.Set(k, v)
	}
	ctx.SetBodyString(r.Body)
}

// IsHook tells whether a path belongs to a webhook endpoint: such bodies are
// limited to MaxBody, and such paths are masked in logs, since some hold a token.
func (e *Edge) IsHook(path []byte) bool {
	for _, prefix := range e.prefixes {
		if bytes.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}
