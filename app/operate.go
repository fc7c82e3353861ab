package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/chat"
	"tributary/ingest"
	"tributary/live"
	"tributary/operator"
	"tributary/relay"
)

// OpenEntry decodes what a queue entry holds.
func OpenEntry(payload []byte) (chat.Event, []byte, error) {
	e, err := ingest.DecodeEnvelope(payload)
	return e.Event, e.Body, err
}

// operate makes the operators' use-cases of a process that serves the API.
func (a *App) operate(m *ingest.Metrics) *operator.Service {
	here := operator.Process{
		Instance: a.instance, Roles: a.cfg.Roles, Embedded: a.cfg.RedisURL == "", Edge: a.cfg.Has(RoleEdge), Worker: a.cfg.Has(RoleWorker),
		Parts: func(ctx context.Context) map[string]operator.Ready {
			out := map[string]operator.Ready{}
			for name, p := range a.health.parts(ctx) {
				out[name] = operator.Ready{OK: p.OK, Detail: p.Detail}
			}
			return out
		},
		Read: a.reader(m),
		Sockets: func() int64 {
			if a.sockets == nil {
				return 0
			}
			return a.sockets.Stats.Open.Load()
		},
	}
	if a.spool != nil {
		here.Spool = func() (int64, bool) { return a.spool.Depth(), a.spool.Spooling() }
	}
	if a.relay != nil {
		here.Lanes = func() []operator.Lane {
			return converted(a.relay.Lanes(), func(l relay.Lane) operator.Lane { return operator.Lane(l) })
		}
		here.Attempts = func() []operator.Attempt {
			return converted(a.relay.Attempts(), func(t relay.Attempt) operator.Attempt { return operator.Attempt(t) })
		}
	}
	return operator.New(operator.Options{
		Store: a.store, Desk: a.desk, Queue: a.queue, Open: OpenEntry, Log: a.log, Now: a.cfg.Now, Here: here,
	})
}

func converted[From, To any](list []From, f func(From) To) []To {
	out := make([]To, len(list))
	for i, one := range list {
		out[i] = f(one)
	}
	return out
}

// reader gives the counters of this process, as Prometheus would get them.
func (a *App) reader(m *ingest.Metrics) func() operator.Reading {
	few := prometheus.NewRegistry() // the others ask the queue and the database
	few.MustRegister(m.Received, m.Rejected, m.Events, m.Applied, m.Visible)
	return func() operator.Reading {
		var r operator.Reading
		families, err := few.Gather()
		if err != nil {
			a.log.Warn("counters not read", "error", err)
		}
		for _, f := range families {
			for _, one := range f.GetMetric() {
				n := one.GetCounter().GetValue()
				switch f.GetName() {
				case "tributary_webhooks_received_total":
					r.Received += n
				case "tributary_webhooks_rejected_total":
					r.Refused += n
					for _, l := range one.GetLabel() {
						if l.GetName() == "reason" && unstored[l.GetValue()] {
							r.Unstored += n
						}
					}
				case "tributary_events_queued_total":
					r.Queued += n
				case "tributary_events_applied_total":
					r.Applied += n
				case "tributary_receipt_to_visible_seconds":
					h := one.GetHistogram()
					r.Visible.Total = h.GetSampleCount()
					for _, b := range h.GetBucket() {
						r.Visible.Bounds = append(r.Visible.Bounds, b.GetUpperBound())
						r.Visible.Counts = append(r.Visible.Counts, b.GetCumulativeCount())
					}
				}
			}
		}
		if wire, ok := a.live.(*live.Redis); ok {
			r.Unsent = float64(wire.Failures.Load())
		}
		r.Untold = float64(a.desk.LiveLost())
		return r
	}
}

// unstored are the reasons of refusals that are our own trouble.
var unstored = map[string]bool{"queue_unavailable": true, "queue_full": true, "internal": true, "busy": true}
