package channeltest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// runInbound plays a webhook request.
func (s *suite) runInbound(t *testing.T, c *testCase) {
	t.Helper()
	provider := &script{tb: t, calls: c.Calls}
	calls := &afterwards{before: refuseCalls{t}, provider: provider}
	w := s.newWorld(t, c, calls)
	in := w.input(t, c)
	r := in.request(w.env)
	if in.method == "GET" {
		challenger, ok := w.driver.(channels.Challenger)
		if !ok {
			t.Fatalf("the driver answers no GET: it is no channels.Challenger")
		}
		compareResponse(t, c, challenger.Challenge(r, w.located(r)))
		return
	}
	mode := c.Given.Mode
	if mode == "" {
		mode = channels.Enforce
	}
	v := channels.Accept(w.driver, in.hook, r, w.dir, mode)
	if v.Panic != nil {
		t.Errorf("the decoder panicked: %v", v.Panic)
	}
	compareResponse(t, c, v.Response)
	if t.Failed() && v.Rejected != "" {
		t.Logf("rejected: %s %s", v.Rejected, v.Detail)
	}
	for i := range v.Events {
		checkEvent(t, &v.Events[i])
	}
	events := w.complete(in, &v)
	calls.answered = true
	w.lookUp(t, provider, events)
	if c.Expect.HasEvents {
		compareEvents(t, c, events)
	}
}

// noInbox are the kinds of events that are compared even when no inbox has their
// address: a provider's test names an invented one.
var noInbox = map[chat.Kind]bool{chat.KindTest: true, chat.KindIgnored: true}

// complete is the events of a verdict, and in their places what no inbox got.
func (w *world) complete(in *input, v *channels.Verdict) []chat.Event {
	if v.Response.Status != in.hook.Success.Status || v.Unrouted == 0 {
		return v.Events
	}
	decoded, err := w.driver.Decode(in.request(w.env))
	if err != nil {
		return v.Events
	}
	var out []chat.Event
	routed := v.Events
	for i := range decoded {
		n := 0
		for n < len(routed) && routed[n].Key == decoded[i].Key && routed[n].Path == decoded[i].Path {
			n++
		}
		out = append(out, routed[:n]...)
		routed = routed[n:]
		if n == 0 && noInbox[decoded[i].Kind] {
			out = append(out, decoded[i])
		}
	}
	return append(out, routed...)
}

func compareResponse(t *testing.T, c *testCase, got channels.Response) {
	t.Helper()
	if want := string(c.Expect.Status); want != "" && want != scalar(json.Number(jsonInt(got.Status))) {
		t.Errorf("status: got %d, want %s", got.Status, want)
	}
	if len(c.Expect.ResponseBody) == 0 {
		return
	}
	want := decodeJSON(t, c.Expect.ResponseBody)
	if text, ok := want.(string); ok {
		if got.Body != text {
			t.Errorf("response body: got %q, want %q", got.Body, text)
		}
		return
	}
	body, err := parseJSON([]byte(got.Body))
	if err != nil {
		t.Errorf("response body: got %q, want %s", got.Body, c.Expect.ResponseBody)
		return
	}
	for _, d := range (matcher{strict: true}).diff("", want, body) {
		t.Errorf("response body: %s", d)
	}
}

// compareEvents compares the events of a verdict with those of the case.
func compareEvents(t *testing.T, c *testCase, events []chat.Event) {
	t.Helper()
	m := matcher{}
	var got []map[string]any
	seen := map[string]bool{}
	for i := range events {
		key := jsonInt(int(events[i].InboxID)) + " " + events[i].Key
		if !seen[key] {
			seen[key] = true
			got = append(got, tree(t, &events[i]))
		}
	}
	j := 0
	for i := range got {
		if j < len(c.Expect.Events) {
			want := decodeJSON(t, c.Expect.Events[j])
			diffs := m.diff("", want, got[i])
			if len(diffs) == 0 {
				j++
				continue
			}
			if got[i]["kind"] != string(chat.KindIgnored) || kindOf(want) == string(chat.KindIgnored) {
				t.Errorf("event %d: %s\n got %s\nwant %s", j, strings.Join(diffs, "\n"), compact(got[i]), c.Expect.Events[j])
				j++
			}
			continue
		}
		if got[i]["kind"] != string(chat.KindIgnored) {
			t.Errorf("event %d is one too many: %s", i, compact(got[i]))
		}
	}
	for ; j < len(c.Expect.Events); j++ {
		t.Errorf("event %d is missing: want %s", j, c.Expect.Events[j])
	}
}

func kindOf(event any) any {
	if m, ok := event.(map[string]any); ok {
		return m["kind"]
	}
	return nil
}

// tree is an event as JSON, with the names that case files use besides, and our own
// words as agents read them in English.
func tree(t testing.TB, ev *chat.Event) map[string]any {
	t.Helper()
	ev = worded(ev)
	raw, err := json.Marshal(ev)
	if err != nil {
		t.Fatalf("event %s cannot be stored: %v", ev.Key, err)
	}
	m, ok := decodeJSON(t, raw).(map[string]any)
	if !ok {
		t.Fatalf("event %s is no object", ev.Key)
	}
	if ev.Status != nil {
		m["external_error"] = ev.Status.Text
	}
	m["channel_address"] = ev.Address.Value
	m["auth"] = map[string]any{"result": ev.Proof}
	return m
}

// worded is a copy of an event whose placeholders stand in their places.
func worded(ev *chat.Event) *chat.Event {
	out := *ev
	if ev.Message == nil {
		return &out
	}
	m := *ev.Message
	m.Content, m.Attachments = m.Words(wording.English), slices.Clone(m.Attachments)
	for i := range m.Attachments {
		m.Attachments[i].Title = m.Attachments[i].Words(wording.English)
	}
	out.Message = &m
	return &out
}

// noContact are the kinds of events that may come without a contact.
var noContact = map[chat.Kind]bool{
	chat.KindAccountEvent: true, chat.KindTest: true, chat.KindIgnored: true,
	chat.KindStatus: true, chat.KindProviderError: true, chat.KindThreadControl: true,
}

// kinds are all that exist.
var kinds = map[chat.Kind]bool{
	chat.KindMessage: true, chat.KindEcho: true, chat.KindEdit: true, chat.KindDelete: true,
	chat.KindReaction: true, chat.KindStatus: true, chat.KindWatermark: true, chat.KindTyping: true,
	chat.KindInteraction: true, chat.KindReferral: true, chat.KindOptIn: true, chat.KindOptOut: true,
	chat.KindFollow: true, chat.KindBlock: true, chat.KindContactChanged: true,
	chat.KindThreadControl: true, chat.KindProviderError: true, chat.KindAccountEvent: true,
	chat.KindCall: true, chat.KindTest: true, chat.KindIgnored: true,
}

// checkEvent holds an event to the promises of channels.Driver.Decode.
func checkEvent(t testing.TB, ev *chat.Event) {
	t.Helper()
	switch {
	case ev.Key == "":
		t.Errorf("an event of kind %s has no Key", ev.Kind)
	case ev.Channel == "":
		t.Errorf("event %s has no Channel", ev.Key)
	case !kinds[ev.Kind]:
		t.Errorf("event %s has the unknown kind %q", ev.Key, ev.Kind)
	case ev.Address == chat.Address{}:
		t.Errorf("event %s has no Address", ev.Key)
	case channels.Panicked(ev):
		t.Errorf("event %s: %s", ev.Key, ev.Reason)
	case !noContact[ev.Kind] && (ev.Contact == nil || ev.Contact.SourceID == ""):
		t.Errorf("event %s of kind %s has no contact", ev.Key, ev.Kind)
	case ev.Kind == chat.KindIgnored && ev.Reason == "":
		t.Errorf("event %s is ignored without a reason", ev.Key)
	case ev.Kind == chat.KindStatus && (ev.Status == nil || ev.Target == nil || ev.Status.State.Code() < 0):
		t.Errorf("event %s is a status without state or target", ev.Key)
	case (ev.Kind == chat.KindMessage || ev.Kind == chat.KindEcho || ev.Kind == chat.KindEdit || ev.Kind == chat.KindInteraction) && ev.Message == nil:
		t.Errorf("event %s of kind %s has no message", ev.Key, ev.Kind)
	case (ev.Kind == chat.KindDelete || ev.Kind == chat.KindReaction || ev.Kind == chat.KindEdit) && (ev.Target == nil || len(ev.Target.SourceIDs) == 0):
		t.Errorf("event %s of kind %s has no target", ev.Key, ev.Kind)
	}
}
