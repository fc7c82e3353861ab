package simulator

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// The network that hands out files for providers who do not do it themselves, at an
// address of its own. Twilio answers a request for media with a redirect there. The
// address holds the permission, and like Amazon's S3 it takes no second one:
// credentials that were meant for the provider make it refuse the request.

// Files counts what the network of files handed out, and the requests that it turned
// away because they brought credentials that are none of its business.
func (s *Simulator) Files() (handedOut, turnedAway int64) {
	return s.handedOut.Load(), s.turnedAway.Load()
}

// cdnFile is where a file is handed out; its name tells its kind, see kindOfFile.
func (s *Simulator) cdnFile(name string) string { return s.cdn + "/" + name }

// listenCDN takes the port of the network, beside the simulator's own.
func (s *Simulator) listenCDN(ctx context.Context, beside net.Addr) (net.Listener, error) {
	host, _, err := net.SplitHostPort(beside.String())
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, err
	}
	s.cdn = "http://" + ln.Addr().String() + "/" + token(16)
	return ln, nil
}

func (s *Simulator) cdnRoutes() http.Handler {
	mux := http.NewServeMux()
	s.handle(mux, "/", func(c *call) {
		permission, name, _ := strings.Cut(c.rest, "/")
		kind, ok := kindOfFile(name, "ME")
		switch {
		case c.r.Header.Get("Authorization") != "" || c.r.Header.Get("Cookie") != "":
			s.turnedAway.Add(1)
			c.w.Header().Set("Content-Type", "application/xml")
			c.w.WriteHeader(http.StatusBadRequest)
			_, _ = c.w.Write([]byte("<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>"))
		case !strings.HasSuffix(s.cdn, "/"+permission):
			c.empty(http.StatusForbidden)
		case !ok:
			c.empty(http.StatusNotFound)
		default:
			s.handedOut.Add(1)
			c.file(kind)
		}
	})
	return mux
}

// serve answers on a listener until the simulator ends.
func (s *Simulator) serve(ln net.Listener, h http.Handler) {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.servers = append(s.servers, server)
	s.work.Go(func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("simulator stopped serving", "error", err)
		}
	})
	context.AfterFunc(s.ctx, func() { _ = server.Close() })
}
