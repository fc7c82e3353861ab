package channeltest

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

// afterwards is a provider that may be called only when the webhook was
// answered: before, the driver does no I/O.
type afterwards struct {
	answered bool
	before   refuseCalls
	provider *script
}

// RoundTrip implements http.RoundTripper.
func (a *afterwards) RoundTrip(req *http.Request) (*http.Response, error) {
	if !a.answered {
		return a.before.RoundTrip(req)
	}
	return a.provider.RoundTrip(req)
}

// lookUp makes the calls that jobs make once the events are stored, as long as
// the case expects calls, and writes into the events what they find out.
func (w *world) lookUp(t *testing.T, provider *script, events []chat.Event) {
	t.Helper()
	for i := range events {
		ev := &events[i]
		ch, driver := w.inbox(ev.InboxID)
		if driver == nil {
			continue
		}
		provider.fill = filler(jobID, decodeJSON(t, ch.Settings))
		l := look{t: t, w: w, provider: provider, driver: driver, ch: ch}
		l.enrich(ev)
		l.acknowledge(ev)
		l.media(ev)
		l.profile(ev)
	}
	if n := provider.left(); n > 0 {
		t.Errorf("%d expected provider calls were not made", n)
	}
}

// inbox finds a channel of the case and the driver of its type.
func (w *world) inbox(id int64) (*channels.Channel, channels.Driver) {
	for _, ch := range w.channels {
		if ch.InboxID == id {
			return ch, w.drivers[ch.Type]
		}
	}
	return nil, nil
}

// look is what is looked up for one event.
type look struct {
	t        *testing.T
	w        *world
	provider *script
	driver   channels.Driver
	ch       *channels.Channel
}

// expected tells whether the case expects another call.
func (l *look) expected() bool { return l.provider.left() > 0 }

func (l *look) enrich(ev *chat.Event) {
	l.t.Helper()
	enricher, ok := l.driver.(channels.Enricher)
	if !ok || !l.expected() || !enricher.Wants(ev) {
		return
	}
	m, err := enricher.Enrich(l.t.Context(), l.ch, ev)
	if err != nil {
		l.t.Errorf("event %s: Enrich: %v", ev.Key, err)
		return
	}
	ev.Message = m
}

func (l *look) acknowledge(ev *chat.Event) {
	l.t.Helper()
	ack, ok := l.driver.(channels.Acknowledger)
	if !ok || !l.expected() || ev.Kind != chat.KindInteraction {
		return
	}
	if err := ack.Acknowledge(l.t.Context(), l.ch, ev); err != nil {
		l.t.Errorf("event %s: Acknowledge: %v", ev.Key, err)
	}
}

// media asks where the attachments are that only the provider can give, and
// fetches those that the case says it gives.
func (l *look) media(ev *chat.Event) {
	l.t.Helper()
	if ev.Message == nil {
		return
	}
	for i := range ev.Message.Attachments {
		f := ev.Message.Attachments[i].Fetch
		if f == nil || f.Strategy == "url" || f.Strategy == "none" || !l.expected() {
			continue
		}
		fetcher, ok := l.driver.(channels.MediaFetcher)
		if !ok {
			l.t.Logf("event %s: the driver cannot fetch %s: it is no channels.MediaFetcher", ev.Key, f.Strategy)
			l.provider.skip()
			continue
		}
		req, err := fetcher.MediaRequest(l.t.Context(), l.ch, f)
		if err != nil {
			l.t.Errorf("event %s: MediaRequest: %v", ev.Key, err)
			continue
		}
		if !l.provider.expects(req) {
			continue
		}
		if _, err := l.w.env.Do(req); err != nil {
			l.t.Errorf("event %s: fetching: %v", ev.Key, err)
		}
	}
}

func (l *look) profile(ev *chat.Event) {
	l.t.Helper()
	profiler, ok := l.driver.(channels.Profiler)
	if !ok || !l.expected() || ev.Contact == nil || ev.Contact.Lookup != "needed" {
		return
	}
	threadType := ""
	if ev.Thread != nil {
		threadType, _ = ev.Thread.Attributes["type"].(string)
	}
	found, err := profiler.Profile(l.t.Context(), l.ch, ev.Contact.SourceID, threadType)
	contact := *ev.Contact
	ev.Contact = &contact
	if err != nil {
		if refused := (*channels.SendError)(nil); !errors.As(err, &refused) {
			l.t.Errorf("event %s: Profile: not a *channels.SendError: %v", ev.Key, err)
		}
		contact.Lookup = "failed"
		return
	}
	contact.Lookup = ""
	if found.Name != "" {
		contact.Name = found.Name
	}
	contact.AvatarURL, contact.Avatar = found.AvatarURL, found.Avatar
	attributes := map[string]any{}
	for _, m := range []map[string]any{contact.Attributes, found.Attributes} {
		maps.Copy(attributes, m)
	}
	contact.Attributes = attributes
}

// expects tells whether the next call of the case goes to the address of req.
func (s *script) expects(req *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next >= len(s.calls) {
		return false
	}
	want, err := url.Parse(s.fill(s.calls[s.next].Request.URL))
	return err == nil && want.Host == req.URL.Host && want.Path == req.URL.Path
}

// skip leaves the next call out.
func (s *script) skip() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
}
