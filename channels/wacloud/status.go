package wacloud

import (
	"encoding/json"
	"strconv"

	"tributary/channels"
	"tributary/chat"
)

// providerError is an error inside a webhook; Details is where version 1 of
// 360dialog's API puts what Meta has in error_data.
type providerError struct {
	Code      text `json:"code"`
	Title     text `json:"title"`
	Message   text `json:"message"`
	Details   text `json:"details"`
	ErrorData struct {
		Details text `json:"details"`
	} `json:"error_data"`
}

func (e *providerError) title() string {
	if e.Title != "" {
		return string(e.Title)
	}
	return string(e.Message)
}

// line is the error as agents read it.
func (e *providerError) line() string {
	return channels.Clean(string(e.Code) + ": " + e.title())
}

func (e *providerError) record() chat.Err {
	detail := e.ErrorData.Details
	if detail == "" {
		detail = e.Details
	}
	class := chat.Permanent
	if code, err := strconv.Atoi(string(e.Code)); err == nil {
		if c := classOf(code); c != "" {
			class = c
		}
	}
	return chat.Err{Code: string(e.Code), Title: channels.Clean(e.title()), Detail: channels.Clean(string(detail)), Class: class}
}

// classOf is the class of one of Meta's error codes, empty when the code says
// nothing (Cloud API, "Error codes"; 360dialog's 470 is the old API's 131047).
func classOf(code int) chat.ErrorClass {
	switch code {
	case 0, 10, 190, 131005:
		return chat.Reauthorize
	case 4, 80007, 130429, 131048, 131056, 133016:
		return chat.Throttled
	case 1, 2, 131000, 131016, 131053:
		return chat.Retryable
	case 470, 131047:
		return chat.WindowClosed
	case 131050:
		return chat.OptedOut
	case 33, 100, 368, 130472, 130497, 131008, 131009, 131021, 131026, 131030, 131031, 131042, 131049, 131051, 131052, 135000:
		return chat.Permanent
	}
	switch {
	case code >= 200 && code <= 299:
		return chat.Reauthorize
	case code >= 132000 && code <= 132016:
		return chat.Permanent
	}
	return ""
}

type status struct {
	ID              text            `json:"id"`
	Status          text            `json:"status"`
	Timestamp       text            `json:"timestamp"`
	RecipientID     text            `json:"recipient_id"`
	RecipientUserID text            `json:"recipient_user_id"`
	Errors          []providerError `json:"errors"`
}

// statusEvents reads a delivery state. A voice message that was played was read.
func statusEvents(raw json.RawMessage) []chat.Event {
	var s status
	lenient(raw, &s)
	ev := chat.Event{OccurredAt: chat.ProviderTime(string(s.Timestamp))}
	if id := firstOf(digits(string(s.RecipientID)), string(s.RecipientUserID)); id != "" {
		ev.Contact = &chat.Contact{SourceID: id, Phone: phoneOf(id)}
	}
	state := chat.MessageStatus(s.Status)
	if state == "played" {
		state = chat.StatusRead
	}
	if s.ID == "" || state.Code() < 0 {
		ev.Key = "st:" + string(s.ID) + ":" + string(s.Status)
		ev.Kind, ev.Reason, ev.Raw = chat.KindIgnored, "status_"+string(s.Status), raw
		if s.ID == "" {
			ev.Key, ev.Reason = "raw:"+channels.Digest(string(raw)), "status_without_id"
		}
		return []chat.Event{ev}
	}
	ev.Key = "st:" + string(s.ID) + ":" + string(state)
	ev.Kind = chat.KindStatus
	ev.Target = &chat.Target{SourceIDs: []string{string(s.ID)}}
	ev.Status = &chat.Status{State: state}
	for i := range s.Errors {
		ev.Status.Errors = append(ev.Status.Errors, s.Errors[i].record())
	}
	if state == chat.StatusFailed && len(s.Errors) > 0 {
		ev.Status.Text, ev.Raw = s.Errors[0].line(), raw
	}
	return []chat.Event{ev}
}

// preferenceEvents reads a customer's choice about marketing messages ("User
// preferences" webhook, 2025): stop or resume.
func preferenceEvents(raw json.RawMessage) []chat.Event {
	var p struct {
		WaID      text `json:"wa_id"`
		UserID    text `json:"user_id"`
		Category  text `json:"category"`
		Value     text `json:"value"`
		Timestamp text `json:"timestamp"`
	}
	lenient(raw, &p)
	id := firstOf(digits(string(p.WaID)), string(p.UserID))
	kinds := map[text]chat.Kind{"stop": chat.KindOptOut, "resume": chat.KindOptIn}
	kind, known := kinds[p.Value]
	if !known || id == "" {
		return []chat.Event{{Key: "raw:" + channels.Digest(string(raw)), Kind: chat.KindIgnored, Reason: "user_preferences", Raw: raw}}
	}
	return []chat.Event{{
		Key:        "op:" + id + ":" + string(p.Timestamp) + ":" + string(p.Value),
		Kind:       kind,
		Reason:     string(p.Category),
		OccurredAt: chat.ProviderTime(string(p.Timestamp)),
		Contact:    &chat.Contact{SourceID: id, Phone: phoneOf(id)},
		Raw:        raw,
	}}
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
