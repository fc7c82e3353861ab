package app

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/fasthttp/router"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"tributary/api"
	"tributary/api/route"
	"tributary/channels"
	"tributary/channels/all"
	"tributary/desk"
	"tributary/ingest"
	"tributary/relay"
	"tributary/store"
	"tributary/webhooks"
)

// assemble makes the parts that the roles of this process need and the router
// over them.
func (a *App) assemble(env *channels.Env) error {
	metrics := ingest.NewMetrics(a.registry)
	a.workers = append(a.workers, a.directory, a.settings, a.wake)
	if a.cfg.Has(RoleEdge) || a.cfg.Has(RoleWorker) || a.cfg.Has(RoleRelay) {
		a.workers = append(a.workers, a.desk.Webhooks)
	}
	a.registerCollectors()
	if a.cfg.Has(RoleWorker) {
		a.assembleWorker(metrics, env)
	}
	if a.cfg.Has(RoleRelay) {
		sending := relay.NewMetrics(a.registry)
		sending.Begin(a.drivers)
		a.relay = relay.New(relay.Options{
			Store: a.store, Directory: a.directory, Desk: a.desk, Metrics: sending, Log: a.log, Now: a.cfg.Now,
			Owner: a.instance, Base: a.cfg.RetryBase, Timeout: a.cfg.ProviderTimeout, Refused: a.whatsapp.SendRefused,
		})
		a.wake.localRelay = a.relay.Wake
		a.workers = append(a.workers, a.relay)
	}
	if a.cfg.Has(RoleScheduler) {
		a.wake.localNumbers = a.whatsapp.Wake
		a.workers = append(a.workers, a.whatsapp)
		a.workers = append(a.workers, &housekeeping{
			store: a.store, desk: a.desk, queue: a.queue, files: a.files, log: a.log,
			maxAge: a.cfg.Retention, maxBytes: int64(a.cfg.MaxBytes), addresses: a.cfg.StaleAddresses,
		})
	}
	return a.assembleHTTP(metrics)
}

// assembleWorker makes what applies events and runs deferred work.
func (a *App) assembleWorker(metrics *ingest.Metrics, env *channels.Env) {
	handlers := a.desk.Handlers()
	handlers[desk.JobAcknowledge] = a.desk.Acknowledge
	handlers[desk.JobProfile] = a.desk.LookUpProfile
	handlers[desk.JobEnrich] = a.desk.Enrich
	maps.Copy(handlers, a.whatsapp.Handlers())
	a.inbound = ingest.NewWorker(ingest.WorkerOptions{
		Log: a.log, Queue: a.queue, Desk: a.desk, Metrics: metrics, Now: a.cfg.Now, Owner: a.instance, Lease: a.cfg.Lease,
	})
	a.workers = append(a.workers, a.inbound)
	fetcher := desk.NewFetcher(a.desk, env, a.cfg.FetchTimeout)
	for _, lane := range []desk.RunnerOptions{
		{Lane: store.LaneDeferred, Slots: 16, Handlers: handlers},
		{Lane: store.LaneMedia, Slots: 32, Timeout: fetcher.JobTimeout(), Handlers: fetcher.Handlers()},
		{Lane: store.LaneBulk, Slots: 2, Handlers: handlers},
		{Lane: store.LaneNumbers, Slots: 4, Handlers: handlers},
		{Lane: store.LaneMail, Slots: 4, Handlers: handlers},
		{Lane: store.LanePush, Slots: 8, Handlers: handlers},
		{Lane: store.LaneRules, Slots: 8, Handlers: handlers},
	} {
		lane.Store, lane.Log, lane.Owner, lane.Base, lane.Now = a.store, a.log, a.instance, a.cfg.RetryBase, a.cfg.Now
		a.runners = append(a.runners, desk.NewRunner(lane))
	}
	hooks := webhooks.New(webhooks.Options{
		Store: a.store, Desk: a.desk, Guarded: env.Guarded, HTTP: a.provider, Metrics: webhooks.NewMetrics(a.registry), Log: a.log, Now: a.cfg.Now,
		Owner: a.instance, Base: a.cfg.RetryBase,
	})
	a.workers = append(a.workers, hooks)
	wakeRunners := func() {
		hooks.Wake()
		for _, r := range a.runners {
			r.Wake()
		}
	}
	a.dispatcher = desk.NewDispatcher(a.desk, a.log, wakeRunners)
	a.wake.localJobs = func() { a.dispatcher.Wake(); wakeRunners() }
	a.workers = append(a.workers, a.dispatcher)
	for _, r := range a.runners {
		a.workers = append(a.workers, r)
	}
}

// uploadTimeout is how long a client may take to store a file.
const uploadTimeout = 5 * time.Minute

func (a *App) assembleHTTP(metrics *ingest.Metrics) error {
	r := router.New()
	r.SaveMatchedRoutePath = true
	r.GET("/livez", a.health.live)
	r.GET("/readyz", a.health.ready)
	if a.cfg.MetricsBind == "" {
		r.GET("/metrics", a.metricsHandler())
	}
	isHook := func([]byte) bool { return false }
	if a.cfg.Has(RoleEdge) {
		var appender ingest.Appender = a.queue
		if a.spool != nil {
			appender = a.spool
			a.workers = append(a.workers, spoolWorker{a.spool})
		}
		edge := ingest.NewEdge(ingest.EdgeOptions{
			Context: a.life, Drivers: a.drivers, Directory: a.directory, Appender: appender, Partitions: a.cfg.Partitions,
			Mode: func() string { return a.cfg.SignatureMode }, PublicURL: a.cfg.FrontendURL, Metrics: metrics, Log: a.log,
			Status: a.desk.Webhooks, Now: a.cfg.Now, Instance: channels.Token(4),
		})
		edge.Mount(r)
		isHook = edge.IsHook
	}
	if err := a.mountAPI(r, metrics); err != nil {
		return err
	}
	a.mountLive(r)
	if err := a.mountDashboard(r); err != nil {
		return err
	}
	handler, err := a.throttled(a.onboarding(a.methods(r, isHook, metrics)), isHook, throttleMetrics(a.registry))
	if err != nil {
		return err
	}
	a.server = &fasthttp.Server{
		Name:                  "tributary",
		Handler:               route.Front(handler, route.CORS{API: a.cfg.APICORS, All: a.cfg.APIOnly}),
		ErrorHandler:          a.serverError(isHook, metrics),
		ReadTimeout:           30 * time.Second,
		WriteTimeout:          60 * time.Second,
		IdleTimeout:           90 * time.Second,
		ReadBufferSize:        8 << 10, // the longest header; each open socket keeps one
		MaxRequestBodySize:    48 << 20,
		NoDefaultServerHeader: true,
		CloseOnShutdown:       true,
		Logger:                fasthttpLog{a},
		HeaderReceived: func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
			if isHook(h.RequestURI()) {
				return fasthttp.RequestConfig{MaxRequestBodySize: ingest.MaxBody, ReadTimeout: 15 * time.Second}
			}
			if api.Uploads(string(h.Method()), string(h.RequestURI())) {
				return fasthttp.RequestConfig{ReadTimeout: uploadTimeout}
			}
			return fasthttp.RequestConfig{}
		},
	}
	return nil
}

// mountAPI adds the routes of the API role and the answers to unknown paths.
func (a *App) mountAPI(r *router.Router, metrics *ingest.Metrics) error {
	operators := a.operate(metrics)
	surface := api.New(api.Deps{
		Store: a.store, Desk: a.desk, Files: a.files, WhatsApp: a.whatsapp, Queue: a.queue.Ping, Setting: a.settings.Get, HTTP: a.provider,
		SignupOpen: a.settings.signupOpen, ConversationsPerPage: a.cfg.ResultsPerPage, Beside: HookRows(),
		Operator: operators,
	})
	var rows []route.Row
	if a.cfg.Has(RoleAPI) {
		rows = surface.Rows()
		a.workers = append(a.workers, operators)
	}
	proxies, err := a.cfg.trustedProxies()
	if err != nil {
		return err
	}
	requests, durations := apiMetrics(a.registry)
	return route.Mount(r, rows, route.Options{
		Base: a.life, Auth: surface, Log: a.log, Now: a.cfg.Now, Locale: a.cfg.DefaultLocale, TrustedProxies: proxies,
		Observe: func(method, template string, status int, d time.Duration) {
			requests.WithLabelValues(method, template, strconv.Itoa(status)).Inc()
			durations.WithLabelValues(method, template).Observe(d.Seconds())
		},
	})
}

// HookRows are the endpoints outside the API, for the list of routes.
func HookRows() []route.Row {
	public := func(method, path string) route.Row {
		return route.Row{Methods: []string{method}, Path: path, Auth: route.AuthNone, Policy: route.Public}
	}
	rows := []route.Row{
		public(http.MethodGet, "/livez").Doc("Whether the process lives").AnswersAs(http.StatusOK, "text/plain"),
		public(http.MethodGet, "/readyz").Doc("Whether everything that serving depends on answers").
			Answers(http.StatusOK, readiness{}).Answers(http.StatusServiceUnavailable, readiness{}),
		public(http.MethodGet, "/metrics").Doc("Metrics for Prometheus").AnswersAs(http.StatusOK, "text/plain"),
		public(http.MethodGet, LivePath).Doc("Websocket of ActionCable's protocol, by which clients hear what happens").
			Answers(http.StatusSwitchingProtocols).AnswersAs(http.StatusNotFound, "application/json").
			AnswersAs(http.StatusBadRequest, "text/plain").AnswersAs(http.StatusServiceUnavailable, "text/plain"),
	}
	for _, d := range all.New(&channels.Env{Setting: func(string) string { return "" }}) {
		for _, h := range d.Info().Hooks {
			rows = append(rows, hookRow(public(h.Method, h.Path), d.Info().Title, h))
		}
	}
	return rows
}

// hookRow describes a webhook: what is proven to come from the provider is on disk
// before it is answered.
func hookRow(r route.Row, title string, h channels.Hook) route.Row {
	if h.Method == http.MethodGet {
		r = r.Doc("Challenge by which "+title+" checks the address").AnswersAs(http.StatusOK, "*/*")
		for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusServiceUnavailable} {
			r = r.AnswersAs(status, "*/*")
		}
		return r
	}
	r = r.Doc("Webhook of " + title)
	if h.Success.ContentType != "" {
		r = r.AnswersAs(max(h.Success.Status, http.StatusOK), h.Success.ContentType)
	} else {
		r = r.Answers(max(h.Success.Status, http.StatusOK))
	}
	for _, status := range []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity,
		http.StatusServiceUnavailable,
	} {
		r = r.AnswersAs(status, "*/*")
	}
	return r
}

// methods counts webhooks with a wrong method, which the router answers by
// itself.
func (a *App) methods(r *router.Router, isHook func([]byte) bool, m *ingest.Metrics) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		r.Handler(ctx)
		if ctx.Response.StatusCode() == http.StatusMethodNotAllowed && isHook(ctx.Path()) {
			m.Rejected.WithLabelValues("unknown", "method").Inc()
		}
	}
}

// serverError answers what fasthttp refuses by itself: too large, too slow, not
// HTTP.
func (a *App) serverError(isHook func([]byte) bool, m *ingest.Metrics) func(*fasthttp.RequestCtx, error) {
	return func(ctx *fasthttp.RequestCtx, err error) {
		if errors.Is(err, fasthttp.ErrBodyTooLarge) && isHook(ctx.Path()) {
			m.Rejected.WithLabelValues("unknown", "too_large").Inc()
		}
		route.ServerError(ctx, err)
	}
}

// fasthttpLog hands the server's own messages to the log; they are about
// connections, not requests.
type fasthttpLog struct{ a *App }

// Printf implements fasthttp.Logger.
func (l fasthttpLog) Printf(format string, args ...any) {
	l.a.log.Debug("http server: " + strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// serve starts the listeners. The main port is the last: who sees it answer may use
// the others.
func (a *App) serve() error {
	if err := a.serveControl(); err != nil {
		return err
	}
	if err := a.serveMetrics(); err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- a.server.Serve(a.listener) }()
	a.onStop("http", func(ctx context.Context) error {
		err := a.server.ShutdownWithContext(ctx)
		// A stop that overtakes the goroutine above finds no listener to close.
		if e := a.listener.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
		select {
		case e := <-served:
			if e != nil { // the closed listener
				a.log.Debug("http server ended", "error", e)
			}
		case <-ctx.Done():
			err = errors.Join(err, ctx.Err())
		}
		return err
	})
	return nil
}

// serveMetrics serves metrics and profiles on METRICS_BIND, when there is one.
func (a *App) serveMetrics() error {
	if a.cfg.MetricsBind == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	l, err := new(net.ListenConfig).Listen(a.life, "tcp", a.cfg.MetricsBind)
	if err != nil {
		return fmt.Errorf("METRICS_BIND: %w", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("metrics server ended", "error", err)
		}
	}()
	a.onStop("metrics", server.Shutdown)
	return nil
}

// metricsHandler serves /metrics on the main port: to loopback clients, and to
// others with METRICS_TOKEN.
func (a *App) metricsHandler() fasthttp.RequestHandler {
	serve := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{}))
	return func(ctx *fasthttp.RequestCtx) {
		given := strings.TrimPrefix(string(ctx.Request.Header.Peek("Authorization")), "Bearer ")
		authorised := a.cfg.MetricsToken != "" && subtle.ConstantTimeCompare([]byte(given), []byte(a.cfg.MetricsToken)) == 1
		// A proxy on this machine makes everybody a loopback client; it says so.
		local := a.cfg.MetricsToken == "" && ctx.RemoteIP().IsLoopback() && len(ctx.Request.Header.Peek("X-Forwarded-For")) == 0
		if !authorised && !local {
			ctx.SetStatusCode(http.StatusUnauthorized)
			return
		}
		serve(ctx)
	}
}
