package twilio

import (
	"strconv"

	"tributary/chat"
)

// states are those of Twilio's message states that change ours.
var states = map[string]chat.MessageStatus{
	"sent": chat.StatusSent, "delivered": chat.StatusDelivered, "read": chat.StatusRead,
	"failed": chat.StatusFailed, "undelivered": chat.StatusFailed,
}

// state is our name of the delivery state, or Twilio's where we have none.
func (f fields) state() string {
	name := f.first("MessageStatus", "SmsStatus")
	if s, ok := states[name]; ok {
		return string(s)
	}
	return name
}

// status reads a delivery state. A refusal because the recipient opted out says
// so in an event of its own.
func (f fields) status(ev chat.Event, sid string) []chat.Event {
	state := chat.MessageStatus(f.state())
	if to := f.text("To"); to != "" {
		ev.Contact = &chat.Contact{SourceID: to}
	}
	if state.Code() < 0 {
		return ignored(ev, "status_"+string(state))
	}
	ev.Kind = chat.KindStatus
	ev.Target = &chat.Target{SourceIDs: []string{sid}}
	ev.Status = &chat.Status{State: state}
	if state != chat.StatusFailed {
		return []chat.Event{ev}
	}
	code, message := f.text("ErrorCode"), f.text("ErrorMessage")
	if code == "" {
		ev.Status.Text = message
		return []chat.Event{ev}
	}
	failure := chat.Err{Code: code, Title: message, Class: chat.Permanent}
	if n, err := strconv.Atoi(code); err == nil {
		if class := classOf(n); class != "" {
			failure.Class = class
		}
	}
	ev.Status.Errors = []chat.Err{failure}
	ev.Status.Text = "Error code: " + code
	if message != "" {
		ev.Status.Text = code + " - " + message
	}
	events := []chat.Event{ev}
	if failure.Class == chat.OptedOut && ev.Contact != nil {
		events = append(events, chat.Event{
			Key: "op:" + sid, Channel: ev.Channel, Transport: ev.Transport, Address: ev.Address,
			Kind: chat.KindOptOut, Contact: ev.Contact,
		})
	}
	return events
}

// classOf is the class of one of Twilio's error codes, empty when the code says
// nothing ("Error and warning dictionary").
func classOf(code int) chat.ErrorClass {
	switch code {
	case 20003:
		return chat.Reauthorize
	case 20429, 21611, 14107, 30022, 63017, 63018, 63038:
		return chat.Throttled
	case 21610, 63032, 63033:
		return chat.OptedOut
	case 63016:
		return chat.WindowClosed
	case 21211, 21408, 21606, 21608, 21612, 21614, 21617, 21620, 21623, 63003, 63024, 63027, 63028, 63041:
		return chat.Permanent
	case 20500, 30001, 30008, 63009, 63010, 63012:
		return chat.Retryable
	}
	return ""
}
