package app

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"github.com/fasthttp/router"

	"tributary/live"
)

// openLive makes the wire over which clients hear what happens: through Redis for
// several processes, else within this one.
func (a *App) openLive() {
	a.hub = live.NewHub()
	if a.redis == nil {
		a.live = live.NewLocal(a.hub)
		return
	}
	opt := live.RedisOptions{Client: a.redis, Prefix: a.cfg.RedisPrefix, Now: a.cfg.Now, Log: a.log}
	if a.cfg.Has(RoleAPI) {
		opt.Hub = a.hub
	}
	a.live = live.NewRedis(opt)
}

// mountLive serves the websocket where clients connect, in processes that serve them.
func (a *App) mountLive(r *router.Router) {
	a.workers = append(a.workers, a.live)
	a.registerLive()
	if !a.cfg.Has(RoleAPI) {
		return
	}
	a.sockets = live.NewServer(a.life, live.Options{Hub: a.hub, Wire: a.live, Gate: a.desk, Log: a.log, Now: a.cfg.Now})
	if wire, ok := a.live.(*live.Redis); ok {
		wire.OnMissed(a.sockets.EndAll)
	}
	a.workers = append(a.workers, a.sockets)
	r.ANY(LivePath, func(ctx *fasthttp.RequestCtx) { a.sockets.Handle(ctx, r.NotFound) })
	s := &a.sockets.Stats
	a.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tributary", Name: "live_sockets", Help: "Open websockets."},
			func() float64 { return float64(s.Open.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tributary", Name: "live_subscriptions", Help: "Subscriptions of open websockets."},
			func() float64 { return float64(a.hub.Subscriptions()) }),
		liveCounter("live_sockets_opened_total", "Websockets that were opened.", s.Opened.Load),
		liveCounter("live_frames_total", "Frames sent to clients, pings among them.", s.Frames.Load),
		liveCounter("live_bytes_total", "Bytes sent to clients.", s.Bytes.Load),
		liveCounter("live_commands_total", "Commands of clients.", s.Received.Load),
		liveCounter("live_refused_total", "Subscriptions that were refused.", s.Refused.Load),
		liveCounter("live_slow_clients_total", "Clients that were disconnected because they took too little too slowly.", s.Slow.Load),
	)
}

// LivePath is where clients connect.
const LivePath = "/cable"

// registerLive counts what every process may do: hand news to the wire.
func (a *App) registerLive() {
	failures := func() int64 { return 0 }
	if wire, ok := a.live.(*live.Redis); ok {
		failures = wire.Failures.Load
	}
	a.registry.MustRegister(
		liveCounter("live_publish_failures_total", "Packets that Redis did not take.", failures),
		liveCounter("live_lost_events_total", "Events that clients were not told of; they were made to connect again.", a.desk.LiveLost),
	)
}

func liveCounter(name, help string, count func() int64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "tributary", Name: name, Help: help}, func() float64 { return float64(count()) })
}
