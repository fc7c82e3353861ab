package story_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"tributary/channels"
	apichannel "tributary/channels/api"
	"tributary/channels/facebook"
	"tributary/channels/instagram"
	"tributary/channels/line"
	"tributary/channels/sms"
	"tributary/channels/telegram"
	"tributary/channels/twilio"
	"tributary/channels/twitter"
	"tributary/channels/wacloud"
	"tributary/chat"
	"tributary/simulator"
	"tributary/wording"
)

// program is the least that can live through the story: the real drivers
// around a desk that is a few maps. It retries at once, so that the test does
// not wait for back-off.
type program struct {
	*httptest.Server
	t       *testing.T
	env     *channels.Env
	drivers []channels.Driver
	work    sync.WaitGroup
	ctx     context.Context //nolint:containedctx // life of the test

	mu       sync.Mutex
	inboxes  []*channels.Channel
	byDriver map[*channels.Channel]channels.Driver
	bindings map[chat.Address][]*channels.Channel
	threads  []*thread
	nextID   int64
	seen     map[string]bool
	events   []chat.Event // of the latest webhook
	// lossy drops the deduplication, to see that the story notices.
	lossy bool
}

// thread is a conversation.
type thread struct {
	id       int64
	channel  *channels.Channel
	contact  string
	last     *chat.Event
	messages []*entry
	queue    chan *entry
}

type entry struct {
	id            int64
	source        string // incoming: the provider's id
	attributes    map[string]any
	attachments   []any
	content       string
	kind          int
	status, fault string
	providers     []string
	at            time.Time
}

func newProgram(t *testing.T, s *simulator.Simulator) *program {
	p := &program{
		t: t, ctx: t.Context(), byDriver: map[*channels.Channel]channels.Driver{},
		bindings: map[chat.Address][]*channels.Channel{}, seen: map[string]bool{},
	}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	set := s.Settings()
	client := &http.Client{Timeout: time.Minute}
	p.env = &channels.Env{
		Setting: func(name string) string { return set[name] }, PublicURL: p.URL,
		HTTP: client, Guarded: client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	p.drivers = []channels.Driver{
		facebook.New(p.env), instagram.New(p.env), twitter.New(p.env), line.New(p.env), telegram.New(p.env),
		sms.New(p.env), wacloud.New(p.env), twilio.New(p.env), apichannel.New(p.env),
	}
	for _, d := range p.drivers {
		for _, h := range d.Info().Hooks {
			mux.HandleFunc(h.Method+" "+h.Path, func(w http.ResponseWriter, r *http.Request) { p.hook(d, h, w, r) })
		}
	}
	p.routes(mux)
	return p
}

// Find implements channels.Directory.
func (p *program) Find(a chat.Address) []*channels.Channel {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bindings[a]
}

func (p *program) hook(d channels.Driver, h channels.Hook, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	req := &channels.Request{
		Hook: h.Name, Method: r.Method, Path: r.URL.Path, Param: r.PathValue, Query: r.URL.Query().Get, RawQuery: r.URL.RawQuery,
		Header: r.Header.Get, Body: body, PublicURL: p.URL + r.URL.RequestURI(), ReceivedAt: time.Now(),
	}
	if c, ok := d.(channels.Challenger); ok && r.Method == http.MethodGet {
		var ch *channels.Channel
		if a, direct := d.Locate(req); direct {
			if found := p.Find(a); len(found) > 0 {
				ch = found[0]
			}
		}
		p.respond(w, c.Challenge(req, ch))
		return
	}
	v := channels.Accept(d, h, req, p, channels.Enforce)
	p.mu.Lock()
	p.events = v.Events
	p.mu.Unlock()
	for i := range v.Events {
		p.apply(&v.Events[i])
	}
	p.respond(w, v.Response)
}

func (p *program) respond(w http.ResponseWriter, r channels.Response) {
	w.WriteHeader(r.Status)
	_, _ = io.WriteString(w, r.Body)
}

// create makes an inbox with the driver that admits it.
func (p *program) create(ctx context.Context, is func(channels.Info) bool, params json.RawMessage) (*channels.Channel, error) {
	d := p.drivers[slices.IndexFunc(p.drivers, func(d channels.Driver) bool { return is(d.Info()) })]
	draft, err := d.(channels.Creator).Create(ctx, params)
	if err != nil {
		return nil, err
	}
	config, err := d.Parse(draft.Settings)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	id := int64(len(p.inboxes) + 1)
	ch := &channels.Channel{
		ID: id, InboxID: id, AccountID: 1, Type: d.Info().ChannelType, Settings: draft.Settings, Config: config, AccountActive: true,
	}
	p.inboxes, p.byDriver[ch] = append(p.inboxes, ch), d
	for _, b := range d.Addresses(ch) {
		p.bindings[b.Address] = append(p.bindings[b.Address], ch)
	}
	p.mu.Unlock()
	if r, ok := d.(channels.Registrar); ok {
		return ch, r.Register(ctx, ch)
	}
	return ch, nil
}

func (p *program) thread(ch *channels.Channel, contact string) *thread {
	for _, th := range p.threads {
		if th.channel == ch && th.contact == contact {
			return th
		}
	}
	th := &thread{id: int64(len(p.threads) + 1), channel: ch, contact: contact, queue: make(chan *entry, 64)}
	p.threads = append(p.threads, th)
	p.work.Go(func() {
		for m := range th.queue {
			p.relay(th, m)
		}
	})
	return th
}

func (p *program) apply(ev *chat.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := fmt.Sprint(ev.InboxID, ev.Key)
	if p.seen[key] && !p.lossy {
		return
	}
	p.seen[key] = true
	switch ev.Kind {
	case chat.KindMessage, chat.KindInteraction, chat.KindEcho:
		p.arrive(ev)
	case chat.KindEdit, chat.KindDelete, chat.KindReaction:
		for _, th := range p.threads {
			for _, m := range th.messages {
				if th.channel.InboxID == ev.InboxID && slices.ContainsFunc(ev.Target.SourceIDs, m.named) {
					m.change(ev)
				}
			}
		}
	case chat.KindStatus, chat.KindWatermark:
		for _, th := range p.threads {
			if th.channel.InboxID != ev.InboxID {
				continue
			}
			for _, m := range th.messages {
				if covers(ev, th, m) {
					m.status = string(ev.Status.State)
					if ev.Status.Text != "" {
						m.fault = ev.Status.Text
					}
				}
			}
		}
	}
}

// arrive stores a message.
func (p *program) arrive(ev *chat.Event) {
	th := p.thread(p.inboxes[ev.InboxID-1], ev.Contact.SourceID)
	p.nextID++
	m := &entry{id: p.nextID, source: ev.Message.SourceID, content: ev.Message.Content, at: time.Now(), status: "sent", attributes: map[string]any{}}
	if ev.Kind == chat.KindEcho {
		m.kind = 1
	} else if ev.Thread == nil || ev.Thread.Type != "tweet" {
		th.last = ev
	}
	for _, a := range ev.Message.Attachments {
		kind := a.Kind
		if kind == "sticker" {
			kind = "image"
		}
		m.attachments = append(m.attachments, map[string]any{"file_type": kind, "coordinates_lat": a.Lat})
	}
	if ev.Message.Unsupported() {
		m.attributes["is_unsupported"] = true
	}
	if ev.Message.Interaction != nil {
		m.attributes["interaction"] = ev.Message.Interaction
	}
	if re := ev.Message.ReplyTo; re != nil {
		for _, other := range th.messages {
			if other.named(re.SourceID) {
				m.attributes["in_reply_to"] = other.id
			}
		}
		if re.Story != nil {
			m.attributes["story_id"] = re.Story.ID
		}
	}
	th.messages = append(th.messages, m)
}

// named tells whether a provider calls the message so.
func (m *entry) named(id string) bool {
	return id != "" && (m.source == id || slices.Contains(m.providers, id))
}

// change applies what a person did to a message.
func (m *entry) change(ev *chat.Event) {
	if m.attributes == nil {
		m.attributes = map[string]any{}
	}
	switch ev.Kind {
	case chat.KindEdit:
		m.content = ev.Message.Content
	case chat.KindDelete:
		m.content, m.attachments, m.attributes["deleted"] = "", nil, true
	default:
		delete(m.attributes, "reactions")
		if ev.Reaction.Action == "add" {
			m.attributes["reactions"] = []any{ev.Reaction}
		}
	}
}

func covers(ev *chat.Event, th *thread, m *entry) bool {
	if ev.Target != nil && slices.ContainsFunc(m.providers, func(id string) bool { return slices.Contains(ev.Target.SourceIDs, id) }) {
		return true
	}
	watermark := ev.Status.WatermarkAt
	return watermark != 0 && ev.Contact != nil && ev.Contact.SourceID == th.contact && m.kind == 1 && !m.at.After(watermark.Time().Add(time.Second))
}

func (p *program) relay(th *thread, m *entry) {
	sender, ok := p.byDriver[th.channel].(channels.Sender)
	if !ok {
		return
	}
	p.mu.Lock()
	out := &chat.Outbound{
		JobID: fmt.Sprintf("0f0e0d0c-aaaa-4bbb-8ccc-%012d", m.id), MessageID: m.id, ConversationID: th.id, InboxID: th.channel.InboxID,
		AccountID: 1, To: th.contact, Content: m.content, ContentType: "text", Now: time.Now(), LastIncomingAt: time.Now(),
	}
	if th.last != nil && th.last.Thread != nil {
		out.ChatID, out.ThreadType = th.last.Thread.ChatID, th.last.Thread.Type
		if t, ok := th.last.Thread.Attributes["type"].(string); ok {
			out.ThreadType = t
		}
	}
	out.Webhook, _ = json.Marshal(map[string]any{ // maps of plain values always encode
		"event": "message_created", "id": m.id, "content": m.content, "message_type": "outgoing", "private": false,
		"conversation": map[string]any{"id": th.id, "contact_inbox": map[string]any{"source_id": th.contact}},
	})
	p.mu.Unlock()
	parts, err := sender.Plan(th.channel, out)
	if err != nil {
		p.settle(m, channels.Receipt{}, err)
		return
	}
	for _, part := range parts {
		receipt, err := p.persist(sender, th.channel, out, part)
		p.settle(m, receipt, err)
	}
}

func (p *program) persist(s channels.Sender, ch *channels.Channel, out *chat.Outbound, part chat.Part) (channels.Receipt, error) {
	for {
		receipt, err := s.SendPart(p.ctx, ch, out, part)
		if err == nil || p.ctx.Err() != nil {
			return receipt, err
		}
		verdict := channels.AsSendError(err)
		if verdict.Class != chat.Retryable && verdict.Class != chat.Throttled {
			return receipt, err
		}
		select {
		case <-time.After(verdict.RetryAfter):
		case <-p.ctx.Done():
			return receipt, err
		}
	}
}

func (p *program) settle(m *entry, r channels.Receipt, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m.providers = append(m.providers, r.ProviderIDs...)
	switch {
	case err != nil:
		m.status, m.fault = "failed", channels.AsSendError(err).Words(wording.English)
	case r.Status != "":
		m.status = string(r.Status)
	}
}

// stop ends the relays.
func (p *program) stop() {
	p.Close()
	p.mu.Lock()
	for _, th := range p.threads {
		close(th.queue)
	}
	p.mu.Unlock()
	p.work.Wait()
}

func number(r *http.Request, name string) int64 {
	n, _ := strconv.ParseInt(r.PathValue(name)+r.URL.Query().Get(name), 10, 64) // 0 finds nothing
	return n
}
