package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store"
	"tributary/store/storetest"
)

// socket is a client of the live wire.
type socket struct {
	t          testing.TB
	ws         *websocket.Conn
	identifier string
}

// said is a message of the server.
type said struct {
	Identifier string `json:"identifier"`
	Type       string `json:"type"`
	Message    struct {
		Event string         `json:"event"`
		Data  map[string]any `json:"data"`
	} `json:"message"`
}

// listen subscribes at a process with the words of an identifier.
func (p *program) listen(base string, identifier map[string]any) *socket {
	p.t.Helper()
	s := p.subscribe(base, identifier)
	p.t.Cleanup(func() { _ = s.ws.Close() })
	return s
}

// subscribe is listen for those who close the socket themselves.
func (p *program) subscribe(base string, identifier map[string]any) *socket {
	p.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"actioncable-v1-json", "actioncable-unsupported"}, HandshakeTimeout: 20 * time.Second}
	ws, res, err := dialer.DialContext(p.t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/cable", nil)
	if err != nil {
		p.t.Fatalf("cable: %v", err)
	}
	_ = res.Body.Close()
	identifier["channel"] = "RoomChannel"
	b, err := json.Marshal(identifier)
	if err != nil {
		p.t.Fatal(err)
	}
	s := &socket{p.t, ws, string(b)}
	if first := s.next(); first.Type != "welcome" {
		p.t.Fatalf("the first words: %+v", first)
	}
	s.command("subscribe", "")
	if answer := s.next(); answer.Type != "confirm_subscription" || answer.Identifier != s.identifier {
		p.t.Fatalf("subscribe: %+v", answer)
	}
	return s
}

func (s *socket) command(name, data string) {
	s.t.Helper()
	if err := s.ws.WriteJSON(map[string]string{"command": name, "identifier": s.identifier, "data": data}); err != nil {
		s.t.Fatal(err)
	}
}

// next is the next message that is no ping.
func (s *socket) next() said {
	s.t.Helper()
	for {
		_ = s.ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, b, err := s.ws.ReadMessage()
		if err != nil {
			s.t.Fatalf("cable: %v", err)
		}
		if strings.HasPrefix(string(b), `{"type":"ping"`) {
			continue
		}
		var m said
		if err := json.Unmarshal(b, &m); err != nil {
			s.t.Fatalf("cable: %v: %s", err, b)
		}
		return m
	}
}

// heard takes messages until the event of a description, and gives what came before.
func (s *socket) heard(event string, right func(data map[string]any) bool) (data map[string]any, before []string) {
	s.t.Helper()
	for range 200 {
		m := s.next()
		if m.Identifier != s.identifier {
			s.t.Fatalf("of another subscription: %+v", m)
		}
		if m.Message.Event == event && (right == nil || right(m.Message.Data)) {
			return m.Message.Data, before
		}
		before = append(before, m.Message.Event)
	}
	s.t.Fatalf("%s was not heard, but %v", event, before)
	return nil, nil
}

func content(text string) func(map[string]any) bool {
	return func(data map[string]any) bool { return data["content"] == text }
}

// member makes a user who is an agent of the account, and gives the user's identifier.
func (p *program) member(email string) (id int64, identifier map[string]any) {
	p.t.Helper()
	var agent struct {
		ID int64 `json:"id"`
	}
	p.want(http.MethodPost, "agents", map[string]any{"name": email, "email": email, "role": "agent"}, http.StatusOK, &agent)
	return agent.ID, p.identifierOf(agent.ID)
}

func (p *program) identifierOf(user int64) map[string]any {
	p.t.Helper()
	db := p.database()
	var token string
	if err := db.QueryRowContext(p.t.Context(), `SELECT pubsub_token FROM users WHERE id = $1`, user).Scan(&token); err != nil {
		p.t.Fatal(err)
	}
	return map[string]any{"pubsub_token": token, "account_id": p.account, "user_id": user}
}

// TestLiveWire: what a contact writes is heard at the websockets of those who may hear
// it, in whichever process, and nowhere else.
func TestLiveWire(t *testing.T) {
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
		ch := p.sim.Channel(simulator.Line)
		inbox := p.connect(ch)
		owner := p.database()
		var ownerID int64
		if err := owner.QueryRowContext(t.Context(), `SELECT MIN(id) FROM users`).Scan(&ownerID); err != nil {
			t.Fatal(err)
		}
		inside, insider := p.member("inside@example.test")
		outside, outsider := p.member("outside@example.test")
		p.want(http.MethodPost, "inbox_members", map[string]any{"inbox_id": inbox, "user_ids": []int64{inside}}, http.StatusOK, nil)

		elsewhere := p.base
		if b.RedisURL != "" { // sockets in one process, the work in others
			elsewhere = p.beside(map[string]string{"ROLES": "api"}, nil)
		}
		agent, stranger, admin := p.listen(elsewhere, insider), p.listen(p.base, outsider), p.listen(elsewhere, p.identifierOf(ownerID))
		present, _ := agent.heard("presence.update", nil)
		users, _ := present["users"].(map[string]any)
		if users[fmt.Sprint(inside)] != "online" || users[fmt.Sprint(outside)] != nil && users[fmt.Sprint(outside)] != "online" || present["account_id"] != float64(p.account) {
			t.Errorf("presence %v", present)
		}

		talk := p.deliver(ch, incoming(ch, 1, "hello from outside"))
		for name, s := range map[string]*socket{"agent": agent, "administrator": admin} {
			data, _ := s.heard("message.created", content("hello from outside"))
			if data["account_id"] != float64(p.account) || data["message_type"] != 0.0 || data["conversation_id"] != float64(talk) || data["performer"] != nil {
				t.Errorf("%s: %v", name, data)
			}
		}
		// Who is no member of the inbox hears of the contact only.
		if _, before := stranger.heard("contact.created", nil); slices.ContainsFunc(before, aboutTalk) {
			t.Errorf("a stranger to the inbox heard %v", before)
		}

		var session store.LiveSession
		if err := owner.QueryRowContext(t.Context(), `SELECT contact_id, pubsub_token FROM contact_inboxes`).Scan(&session.ContactID, &session.Token); err != nil {
			t.Fatal(err)
		}
		visitor := p.listen(elsewhere, map[string]any{"pubsub_token": session.Token})
		if data, _ := visitor.heard("presence.update", nil); data["contacts"] != nil {
			t.Errorf("a contact is told of contacts: %v", data)
		}
		agent.command("message", `{"action":"update_presence"}`)
		if data, _ := agent.heard("presence.update", nil); fmt.Sprint(data["contacts"]) != fmt.Sprintf("map[%d:online]", session.ContactID) {
			t.Errorf("contacts %v", data["contacts"])
		}

		path := fmt.Sprintf("conversations/%d/messages", talk)
		p.want(http.MethodPost, path, map[string]any{"content": "between us", "private": true, "echo_id": 17}, http.StatusOK, nil)
		data, _ := agent.heard("message.created", content("between us"))
		if data["echo_id"] != 17.0 || data["private"] != true || data["performer"] == nil {
			t.Errorf("a note: %v", data)
		}
		p.want(http.MethodPost, path, map[string]any{"content": "how can I help?", "echo_id": "tmp-1"}, http.StatusOK, nil)
		if data, _ = agent.heard("message.created", content("how can I help?")); data["echo_id"] != "tmp-1" {
			t.Errorf("echo_id %v", data["echo_id"])
		}
		agent.heard("first.reply.created", content("how can I help?"))
		data, before := visitor.heard("message.created", content("how can I help?"))
		if slices.Contains(before, "message.created") || slices.Contains(before, "first.reply.created") {
			t.Errorf("the contact heard %v", before)
		}
		if sender, _ := data["sender"].(map[string]any); sender["type"] != "user" {
			t.Errorf("sender %v", data["sender"])
		}

		// Who leaves the account hears no more.
		p.want(http.MethodDelete, fmt.Sprintf("agents/%d", inside), nil, http.StatusOK, nil)
		for {
			if m := agent.next(); m.Type == "reject_subscription" {
				break
			}
		}
		if m := agent.next(); m.Type != "disconnect" {
			t.Errorf("after the last subscription: %+v", m)
		}
		p.deliver(ch, incoming(ch, 1, "still there?"))
		admin.heard("message.created", content("still there?"))

		// A new password gives the user another name at the wire.
		err := p.app.Store().Transact(t.Context(), func(tx *store.Tx) error { return tx.SetPassword(t.Context(), outside, "another") })
		if err != nil {
			t.Fatal(err)
		}
		for {
			if m := stranger.next(); m.Type == "reject_subscription" {
				break
			}
		}
		p.listen(elsewhere, p.identifierOf(outside))
	})
}

func aboutTalk(event string) bool {
	return strings.HasPrefix(event, "message.") || strings.HasPrefix(event, "conversation.")
}

// TestLiveRestart: a process that stops says so to its clients.
func TestLiveRestart(t *testing.T) {
	p := start(t, testkit.Backend{Name: "embedded"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	s := p.listen(p.base, p.identifierOf(1))
	stopped := make(chan struct{})
	go func() { defer close(stopped); p.stop() }()
	for {
		m := s.next()
		if m.Type == "disconnect" {
			break
		}
	}
	<-stopped
	if _, _, err := s.ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("got %v", err)
	}
}
