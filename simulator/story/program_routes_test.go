package story_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"tributary/channels"
)

// routes are the few of the HTTP API that the story calls.
func (p *program) routes(mux *http.ServeMux) {
	const account, client = "/api/v1/accounts/1", "/public/api/v1/inboxes/{inbox}/contacts"
	mux.HandleFunc("POST "+account+"/inboxes", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Channel json.RawMessage `json:"channel"`
		}
		var kind struct {
			Type string `json:"type"`
		}
		if read(r, &in) != nil || json.Unmarshal(in.Channel, &kind) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.createInbox(w, r, func(i channels.Info) bool { return i.CreateType == kind.Type }, in.Channel)
	})
	mux.HandleFunc("POST "+account+"/channels/twilio_channel", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Channel json.RawMessage `json:"twilio_channel"`
		}
		if read(r, &in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.createInbox(w, r, func(i channels.Info) bool { return i.ChannelType == "Channel::TwilioSms" }, in.Channel)
	})
	mux.HandleFunc("GET "+account+"/conversations", p.listConversations)
	mux.HandleFunc("GET "+account+"/conversations/{id}/messages", p.listMessages)
	mux.HandleFunc("POST "+account+"/conversations/{id}/messages", p.reply)
	mux.HandleFunc("PATCH "+account+"/conversations/{id}/messages/{message}", func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		if read(r, &in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		th := p.threads[number(r, "id")-1]
		m := th.messages[slices.IndexFunc(th.messages, func(m *entry) bool { return m.id == number(r, "message") })]
		m.status, m.fault = in["status"], in["external_error"]
		write(w, present(th, m))
	})
	mux.HandleFunc("PATCH "+client+"/{contact}/conversations/{id}/messages/{message}", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Submitted []map[string]string `json:"submitted_values"`
		}
		if read(r, &in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		th := p.threads[number(r, "id")-1]
		m := th.messages[slices.IndexFunc(th.messages, func(m *entry) bool { return m.id == number(r, "message") })]
		m.attributes = map[string]any{"submitted_values": in.Submitted}
		write(w, present(th, m))
	})

	mux.HandleFunc("POST "+client, func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		if read(r, &in) != nil || in["identifier_hash"] != "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		write(w, map[string]any{"source_id": in["source_id"]})
	})
	mux.HandleFunc("POST "+client+"/{contact}/conversations", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		write(w, map[string]any{"id": p.thread(p.apiInbox(), r.PathValue("contact")).id})
	})
	mux.HandleFunc("POST "+client+"/{contact}/conversations/{id}/messages", func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		var files []any
		if err := r.ParseMultipartForm(1 << 20); err == nil {
			in = map[string]string{"content": r.FormValue("content")}
			for range r.MultipartForm.File["attachments[]"] {
				files = append(files, map[string]any{"file_type": "image"})
			}
		} else if read(r, &in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.nextID++
		th := p.threads[number(r, "id")-1]
		th.messages = append(th.messages, &entry{id: p.nextID, content: in["content"], attachments: files, status: "sent", at: time.Now()})
		write(w, map[string]any{"id": p.nextID})
	})
	mux.HandleFunc("POST "+client+"/{contact}/conversations/{id}/update_last_seen", func(_ http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, m := range p.threads[number(r, "id")-1].messages {
			if m.kind == 1 {
				m.status = "read"
			}
		}
	})
}

func (p *program) apiInbox() *channels.Channel {
	for _, ch := range p.inboxes {
		if ch.Type == "Channel::Api" {
			return ch
		}
	}
	return nil
}

func (p *program) createInbox(w http.ResponseWriter, r *http.Request, is func(channels.Info) bool, params json.RawMessage) {
	ch, err := p.create(r.Context(), is, params)
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		write(w, map[string]any{"error": err.Error()})
		return
	}
	write(w, map[string]any{"id": ch.InboxID, "inbox_identifier": "sim-identifier"})
}

func (p *program) listConversations(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []any{}
	for _, th := range p.threads {
		if th.channel.InboxID != number(r, "inbox_id") || len(th.messages) == 0 {
			continue
		}
		last := present(th, th.messages[len(th.messages)-1])
		list = append(list, map[string]any{"id": th.id, "messages": []any{last}, "last_non_activity_message": last})
	}
	write(w, map[string]any{"data": map[string]any{"payload": list}})
}

func (p *program) listMessages(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	th := p.threads[number(r, "id")-1]
	list := []any{}
	for _, m := range th.messages {
		list = append(list, present(th, m))
	}
	write(w, map[string]any{"payload": list})
}

func (p *program) reply(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Content string `json:"content"`
	}
	if read(r, &in) != nil || r.Header.Get("api_access_token") != "token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	th := p.threads[number(r, "id")-1]
	p.nextID++
	m := &entry{id: p.nextID, content: in.Content, kind: 1, status: "sent", at: time.Now()}
	th.messages = append(th.messages, m)
	th.queue <- m
	write(w, present(th, m))
}

func present(th *thread, m *entry) map[string]any {
	attributes := map[string]any{}
	maps.Copy(attributes, m.attributes)
	if m.fault != "" {
		attributes["external_error"] = m.fault
	}
	var source any
	switch {
	case m.source != "":
		source = m.source
	case len(m.providers) > 0:
		source = m.providers[0]
	}
	return map[string]any{
		"source_id": source,
		"id":        m.id, "conversation_id": th.id, "content": m.content, "message_type": m.kind,
		"status": m.status, "content_attributes": attributes, "attachments": m.attachments,
	}
}

func read(r *http.Request, into any) error { return json.NewDecoder(r.Body).Decode(into) }

func write(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
