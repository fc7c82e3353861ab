package channeltest

import (
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

// Column is one column of the capability table: a channel as an operator knows
// it. Several columns may share a driver (Twilio: SMS and WhatsApp).
type Column struct {
	Title  string // for people: "Twilio SMS"
	Slug   string // Event.Channel of its events
	Folder string // of the driver, relative to the calling package: "../line"
	Build  func(*channels.Env) channels.Driver
	Others []Build                         // see With
	Has    func(ch *channels.Channel) bool // narrows the driver's channels; nil: all
	Cases  []string                        // globs of case files below Folder; nil: those of Run
}

// Capabilities is what a channel was seen to do, by row of the table. A row that
// is absent was never seen.
type Capabilities map[string]*Evidence

// Evidence says what proves a capability.
type Evidence struct {
	// Facets are the parts of the capability that were seen, sorted: "audio",
	// "image". Most rows have none.
	Facets []string
	// Proofs are what showed it, sorted: names of case files, or what was asked of
	// the driver.
	Proofs []string
}

// note records that proof showed the facet (may be empty) of a row.
func (c Capabilities) note(row, facet, proof string) {
	e := c[row]
	if e == nil {
		e = &Evidence{}
		c[row] = e
	}
	e.Facets = insert(e.Facets, facet)
	e.Proofs = insert(e.Proofs, proof)
}

// insert adds a text to a sorted list of different texts.
func insert(list []string, s string) []string {
	i, found := slices.BinarySearch(list, s)
	if found || s == "" {
		return list
	}
	return slices.Insert(list, i, s)
}

// Survey finds out what a channel can do, from the case files of its driver,
// which Run plays, and from the driver's own answers.
func Survey(t *testing.T, c Column) Capabilities {
	t.Helper()
	s := &suite{build: c.Build, others: c.Others}
	globs := c.Cases
	if globs == nil {
		globs = []string{"testdata/*.json", "testdata/*/*.json"}
	}
	for _, glob := range globs {
		s.globs = append(s.globs, filepath.Join(c.Folder, glob))
	}
	s.cases = loadCases(t, s.globs)
	found := Capabilities{}
	for _, one := range s.cases {
		one.file = strings.TrimPrefix(filepath.ToSlash(one.file), filepath.ToSlash(c.Folder)+"/")
		switch {
		case one.outbound():
			if w := s.newWorld(t, one, refuseCalls{t}); c.owns(w.own()) {
				s.surveyOutbound(t, one, found)
			}
		case one.Request.Method == http.MethodPost:
			s.surveyInbound(t, c, one, found)
		}
	}
	s.surveyDriver(t, c, found)
	return found
}

func (c *Column) owns(ch *channels.Channel) bool { return ch != nil && (c.Has == nil || c.Has(ch)) }

// surveyInbound notes what the events of a case show.
func (s *suite) surveyInbound(t *testing.T, c Column, one *testCase, found Capabilities) {
	t.Helper()
	w := s.newWorld(t, one, refuseCalls{t})
	in := w.input(t, one)
	mode := one.Given.Mode
	if mode == "" {
		mode = channels.Enforce
	}
	v := channels.Accept(w.driver, in.hook, in.request(w.env), w.dir, mode)
	switch v.Rejected {
	case channels.ProofMissing, channels.ProofBad, channels.ProofNoSecret:
		if c.owns(w.own()) {
			found.note("signature", "", one.name())
		}
		return
	}
	events := w.complete(in, &v)
	again := channels.Accept(w.driver, in.hook, in.request(w.env), w.dir, mode)
	places := map[string]bool{}
	for i := range events {
		ev := &events[i]
		if ev.Channel != c.Slug {
			continue
		}
		if ev.Kind != chat.KindIgnored {
			places[ev.Path] = true
		}
		if ev.Kind == chat.KindMessage && keyed(again.Events, ev) {
			found.note("de-duplication", "", one.name())
		}
		for _, row := range inboundRows {
			if facets, ok := row.seen(ev, w.driver, in.body); ok {
				for _, facet := range append(facets, "") {
					found.note(row.name, facet, one.name())
				}
			}
		}
	}
	if len(places) > 1 {
		found.note("batch", "", one.name())
	}
}

// keyed tells whether a second delivery gave the event the same key.
func keyed(again []chat.Event, ev *chat.Event) bool {
	return slices.ContainsFunc(again, func(other chat.Event) bool {
		return other.Key == ev.Key && other.InboxID == ev.InboxID
	})
}

// Rows are the names of all rows: inbound, then outbound.
func Rows() (inbound, outbound []string) {
	inbound = []string{"signature", "batch", "de-duplication"}
	for _, row := range inboundRows {
		if !slices.Contains(inbound, row.name) {
			inbound = append(inbound, row.name)
		}
	}
	return inbound, slices.Clone(outboundRows)
}

// Merge adds what another survey saw.
func (c Capabilities) Merge(other Capabilities) {
	for row, e := range maps.All(other) {
		for _, proof := range e.Proofs {
			for _, facet := range append(slices.Clone(e.Facets), "") {
				c.note(row, facet, proof)
			}
		}
	}
}
