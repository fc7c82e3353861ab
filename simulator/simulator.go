package simulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a simulator. The zero value plays one identity per kind.
type Options struct {
	// PerKind is how many identities of each kind are played; 0: 1.
	PerKind int
	// Kinds restricts the kinds that are played; empty: all.
	Kinds []Kind
	// Addr to listen on; empty: a free port of 127.0.0.1.
	Addr string
	// Target is where the program under test listens, Public its FRONTEND_URL
	// (empty: the same). Both may be set later with SetTarget.
	Target, Public string
	// Receipts makes providers report the delivery states that they have
	// (Kind.Receipts) after each message that they accept.
	Receipts bool
	// Latency is how long every send takes to be answered.
	Latency time.Duration
	// Keep limits how many Sent records are held, the oldest go first; 0: all.
	Keep int
	// Now is the clock of WhatsApp numbers and accounts at Meta, so that a test can
	// play days; nil: time.Now.
	Now func() time.Time
	// CallbackTimeout is how long Meta waits when it verifies a callback of a
	// WhatsApp number; 0: 6 s, as Meta does.
	CallbackTimeout time.Duration
	// NoticeTries is how often a management webhook is offered to a program that does
	// not take it; 0: for about half a minute.
	NoticeTries int
	// Log gets one line for a receipt that could not be delivered; nil: none.
	Log *slog.Logger
}

// Simulator plays all providers. Its methods are safe for concurrent use.
type Simulator struct {
	options  Options
	base     string // its own address
	cdn      string // where files of some providers are, see cdn.go
	run      uint64 // start time in milliseconds, part of every id
	seq      atomic.Uint64
	settings map[string]string
	channels []*Channel

	servers  []*http.Server
	client   *http.Client
	ctx      context.Context //nolint:containedctx // life of background receipts and hanging calls
	stop     context.CancelFunc
	work     sync.WaitGroup
	target   atomic.Pointer[target]
	log      *slog.Logger
	seed     maphash.Seed
	byToken  map[string]*Channel // credential of outbound calls → channel
	profiles profiles
	journal  *journal
	faults   faults
	threads  threads
	retries  retryKeys
	edits    edits
	meta     *metaWorld // WhatsApp accounts and numbers

	receiptErrors atomic.Int64
	handedOut     atomic.Int64 // files by cdn
	turnedAway    atomic.Int64 // requests with credentials by cdn

	life   sync.Mutex // guards closed and the growth of work
	closed bool
}

type target struct{ base, public string }

// Start listens and returns at once. The simulator ends with ctx or Close.
func Start(ctx context.Context, o Options) (*Simulator, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("simulator: listen: %w", err)
	}
	s := &Simulator{
		options: o,
		base:    "http://" + ln.Addr().String(),
		run:     uint64(time.Now().UnixMilli()),
		log:     o.Log,
		seed:    maphash.MakeSeed(),
		byToken: map[string]*Channel{},
		journal: newJournal(o.Keep),
		meta:    newMetaWorld(),
		client: &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport:     &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 512, IdleConnTimeout: 90 * time.Second},
		},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.ctx, s.stop = context.WithCancel(ctx)
	s.settings = newSettings(s.base)
	s.SetTarget(o.Target, o.Public)
	kinds, n := o.Kinds, max(o.PerKind, 1)
	if len(kinds) == 0 {
		kinds = Kinds()
	}
	for _, k := range kinds {
		for _, c := range s.identities(k, n) {
			s.channels = append(s.channels, c)
			s.byToken[c.credential()] = c
			if k == WhatsAppCloud {
				s.adopt(c)
			}
		}
	}
	files, err := s.listenCDN(ctx, ln.Addr())
	if err != nil {
		s.stop()
		return nil, errors.Join(fmt.Errorf("simulator: listen: %w", err), ln.Close())
	}
	s.serve(ln, s.routes())
	s.serve(files, s.cdnRoutes())
	return s, nil
}

// now is the time at Meta.
func (s *Simulator) now() time.Time {
	if s.options.Now != nil {
		return s.options.Now()
	}
	return time.Now()
}

// begin counts a piece of work that Close waits for; false: it is too late.
func (s *Simulator) begin() bool {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

// Close ends all calls that still hang and waits for the work in flight.
func (s *Simulator) Close() error {
	s.life.Lock()
	s.closed = true
	s.life.Unlock()
	s.stop()
	var err error
	for _, server := range s.servers {
		err = errors.Join(err, server.Close())
	}
	s.work.Wait()
	s.client.CloseIdleConnections()
	return err
}

// Addr is host and port that the simulator listens on.
func (s *Simulator) Addr() string { return strings.TrimPrefix(s.base, "http://") }

// URL is the simulator's own address; providers are path prefixes below it.
func (s *Simulator) URL() string { return s.base }

// SetTarget says where the program under test listens and what its public
// address is; empty public: the same as base.
func (s *Simulator) SetTarget(base, public string) {
	base, public = strings.TrimRight(base, "/"), strings.TrimRight(public, "/")
	if public == "" {
		public = base
	}
	s.target.Store(&target{base: base, public: public})
}

// Channels are the identities that are played, grouped by kind.
func (s *Simulator) Channels() []*Channel { return append([]*Channel(nil), s.channels...) }

// Channel is the first identity of a kind; nil when the kind is not played.
func (s *Simulator) Channel(k Kind) *Channel {
	for _, c := range s.channels {
		if c.Kind == k {
			return c
		}
	}
	return nil
}

// Settings are the environment variables that the program must be started
// with: the providers' addresses and the secrets of its apps there.
// OUTBOUND_ALLOW_PRIVATE is among them because the customer's webhook receiver
// of the API inboxes is on the loopback interface.
func (s *Simulator) Settings() map[string]string {
	out := make(map[string]string, len(s.settings))
	maps.Copy(out, s.settings)
	return out
}

// ReceiptErrors counts receipts that the program did not take in spite of
// repeated delivery.
func (s *Simulator) ReceiptErrors() int64 { return s.receiptErrors.Load() }

func newSettings(base string) map[string]string {
	return map[string]string{
		"FACEBOOK_GRAPH_URL":      base + "/facebook",
		"INSTAGRAM_GRAPH_URL":     base + "/instagram",
		"WHATSAPP_CLOUD_BASE_URL": base + "/whatsapp",
		"WHATSAPP_360_BASE_URL":   base + "/d360/v1",
		"TELEGRAM_API_URL":        base + "/telegram",
		"LINE_API_URL":            base + "/line",
		"LINE_DATA_API_URL":       base + "/line-data",
		"TWILIO_API_URL":          base + "/twilio",
		"BANDWIDTH_MESSAGING_URL": base + "/bandwidth",
		"TWITTER_API_URL":         base + "/twitter",

		"FB_APP_ID":                     "880021457731009",
		"FB_APP_SECRET":                 token(16),
		"FB_VERIFY_TOKEN":               token(16),
		"IG_VERIFY_TOKEN":               token(16),
		"INSTAGRAM_APP_ID":              "770031457731010",
		"INSTAGRAM_APP_SECRET":          token(16),
		"INSTAGRAM_VERIFY_TOKEN":        token(16),
		"TWITTER_APP_ID":                "31415926",
		"TWITTER_CONSUMER_KEY":          token(12),
		"TWITTER_CONSUMER_SECRET":       token(24),
		"TWITTER_ENVIRONMENT":           "simulator",
		"WHATSAPP_APP_ID":               "660041457731011",
		"WHATSAPP_APP_SECRET":           token(16),
		"WHATSAPP_CONFIGURATION_ID":     "550051457731012",
		"WHATSAPP_WEBHOOK_VERIFY_TOKEN": token(16),
		"OUTBOUND_ALLOW_PRIVATE":        "true",
	}
}

// token makes n random bytes in lower-case hex.
func token(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}

func uuid() string {
	t := token(16)
	return t[:8] + "-" + t[8:12] + "-4" + t[13:16] + "-a" + t[17:20] + "-" + t[20:]
}

// readBody takes what a provider would take at most.
func readBody(r *http.Request) ([]byte, error) { return io.ReadAll(io.LimitReader(r.Body, 8<<20)) }
