package channels

import (
	"fmt"
	"strings"

	"tributary/chat"
)

const panicReason = "decoder panic: "

// Guard runs the decoding of one event of a batch. A panic costs that event
// only: fallback takes its place, as an unsupported message when its contact is
// known, else as a provider error, so that the rest of the request is kept and
// somebody can look at it.
func Guard(fallback chat.Event, decode func() []chat.Event) (events []chat.Event) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		fallback.Reason = panicReason + fmt.Sprint(p)
		fallback.Kind = chat.KindProviderError
		if fallback.Contact != nil && fallback.Contact.SourceID != "" {
			fallback.Kind = chat.KindMessage
			fallback.Message = &chat.Message{Flags: &chat.Flags{Unsupported: true}}
		}
		events = []chat.Event{fallback}
	}()
	return decode()
}

// Panicked tells whether ev stands for an event whose decoder panicked.
func Panicked(ev *chat.Event) bool { return strings.HasPrefix(ev.Reason, panicReason) }
