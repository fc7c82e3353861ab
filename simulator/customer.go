package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// The API channel is played from both sides: the customer's own system calls
// the client API and receives the inbox's webhook.

// threads are the conversations that customers have opened.
type threads struct {
	mu  sync.Mutex
	ids map[string]int64
}

func (t *threads) get(c *Channel, from string) (int64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id, ok := t.ids[c.Address+" "+from]
	return id, ok
}

func (t *threads) put(c *Channel, from string, id int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ids == nil {
		t.ids = map[string]int64{}
	}
	t.ids[c.Address+" "+from] = id
}

func (c *Channel) contactsPath() (string, error) {
	identifier := c.identifier.Load()
	if identifier == nil {
		return "", fmt.Errorf("%w: attach the API channel first", ErrNotRegistered)
	}
	return "/public/api/v1/inboxes/" + *identifier + "/contacts", nil
}

// open makes contact and conversation where the customer has none yet.
func (s *Simulator) open(ctx context.Context, base string, c *Channel, in Incoming) error {
	if _, ok := s.threads.get(c, in.From); ok {
		return nil
	}
	path, err := c.contactsPath()
	if err != nil {
		return err
	}
	contact := map[string]string{"source_id": in.From, "name": in.Name}
	if _, err := s.postJSON(ctx, base, path, contact); err != nil {
		return err
	}
	body, err := s.postJSON(ctx, base, path+"/"+url.PathEscape(in.From)+"/conversations", map[string]string{})
	if err != nil {
		return err
	}
	var conversation struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal(body, &conversation); err != nil || conversation.ID == 0 {
		return fmt.Errorf("simulator: the conversation has no id: %s", excerpt(body))
	}
	s.threads.put(c, in.From, conversation.ID)
	return nil
}

func (s *Simulator) postJSON(ctx context.Context, base, path string, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("simulator: encode: %w", err)
	}
	a, err := s.Post(ctx, base, &Delivery{Method: http.MethodPost, Path: path, Header: jsonHeader(0), Body: body})
	if err != nil {
		return nil, err
	}
	if !a.OK() {
		return nil, fmt.Errorf("simulator: POST %s: %d %s", path, a.Status, excerpt(a.Body))
	}
	return a.Body, nil
}

func excerpt(b []byte) string { return strings.ToValidUTF8(string(b[:min(len(b), 200)]), "") }

func (s *Simulator) conversationPath(c *Channel, from string) (string, error) {
	path, err := c.contactsPath()
	if err != nil {
		return "", err
	}
	id, ok := s.threads.get(c, from)
	if !ok {
		return "", fmt.Errorf("%w: %s has no conversation yet, deliver first", ErrNotRegistered, from)
	}
	return path + "/" + url.PathEscape(from) + "/conversations/" + strconv.FormatInt(id, 10), nil
}

func (s *Simulator) customerMessage(b *batch, in *Incoming) (*Delivery, error) {
	path, err := s.conversationPath(b.channel, in.From)
	if err != nil {
		return nil, err
	}
	id := in.ID
	if id == "" {
		id = s.hexID("echo-")
	}
	b.ids = append(b.ids, id)
	body := append(make([]byte, 0, 128), `{"content":`...)
	body = appendQuoted(body, in.Text)
	body = append(body, `,"echo_id":`...)
	body = append(appendQuoted(body, id), '}')
	return &Delivery{Method: http.MethodPost, Path: path + "/messages", Header: jsonHeader(0), Body: body, IDs: b.ids}, nil
}

// customerStatus: the customer has seen everything up to now.
func (s *Simulator) customerStatus(b *batch, r Receipt) (*Delivery, error) {
	if r.State != Read {
		return nil, noReceipt(b.channel, r)
	}
	path, err := s.conversationPath(b.channel, r.To)
	if err != nil {
		return nil, err
	}
	return &Delivery{
		Method: http.MethodPost, Path: path + "/update_last_seen", Header: jsonHeader(0), Body: []byte("{}"), IDs: b.ids,
	}, nil
}

// customerForged claims an identity with a hash that is not the inbox's.
func (s *Simulator) customerForged(c *Channel, in Incoming) (*Delivery, error) {
	path, err := c.contactsPath()
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{
		"source_id": in.From + "-forged", "identifier": in.From, "identifier_hash": token(32), "name": in.Name,
	})
	if err != nil {
		return nil, fmt.Errorf("simulator: encode: %w", err)
	}
	return &Delivery{Method: http.MethodPost, Path: path, Header: jsonHeader(0), Body: body}, nil
}

// customer receives the webhooks of API inboxes. Only replies of agents count
// as sent; other events are taken in silence.
func (s *Simulator) customer(c *call) {
	ch := s.byToken[c.rest]
	if ch == nil || ch.Kind != API {
		c.json(http.StatusNotFound, map[string]any{"error": "unknown customer"})
		return
	}
	var conversation struct {
		ContactInbox struct {
			SourceID string `json:"source_id"`
		} `json:"contact_inbox"`
	}
	c.decode("conversation", &conversation)
	kind := c.param("message_type")
	if c.param("event") != "message_created" || kind != "outgoing" && kind != "template" || c.param("private") == "true" {
		c.empty(http.StatusOK)
		return
	}
	m := sending{to: conversation.ContactInbox.SourceID, text: c.param("content"), id: c.param("id")}
	s.send(c, ch, m, func(string) (int, any) { return http.StatusOK, nil })
}
