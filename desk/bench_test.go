package desk_test

import (
	"fmt"
	"testing"
	"time"

	"tributary/chat"
	"tributary/internal/testkit"
)

// BenchmarkReceive applies text messages of known contacts, in batches as the
// worker takes them; the time is of one message.
func BenchmarkReceive(b *testing.B) {
	backends := []testkit.Backend{{Name: "sqlite"}}
	if address := testkit.Postgres(b); address != "" {
		backends = append(backends, testkit.Backend{Name: "postgres", DatabaseURL: address})
	}
	for _, at := range backends {
		w := newWorld(b, at)
		inbox := w.line(1)
		made := 0
		for _, size := range []int{1, 20, 200} {
			b.Run(fmt.Sprintf("%s/batch=%d", at.Name, size), func(b *testing.B) {
				b.ReportAllocs()
				for done := 0; done < b.N; done += size {
					w.clock.Advance(time.Second) // within a minute it would be a flood
					events := make([]*chat.Event, size)
					for i := range events {
						made++
						events[i] = w.message(inbox, fmt.Sprintf("U%04d", made%1000), fmt.Sprint(made), "Hello, where is my order?")
					}
					if _, err := w.desk.Receive(b.Context(), events); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
