// Package ingest takes webhooks in and applies them. The edge proves and
// normalises a request and answers it once its events are durable in the queue;
// the worker applies the queued events to the desk, in order and once.
package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"

	"tributary/chat"
	"tributary/internal/fastjson"
)

// Envelope is what a queue entry holds: one event and, on the first event of a
// delivery, the request's body as it came, so that it can be inspected and
// decoded again.
type Envelope struct {
	Event chat.Event
	Body  []byte
}

// ErrEnvelope says that a payload is not an envelope.
var ErrEnvelope = errors.New("ingest: damaged queue entry")

// envelopeVersion is the first byte of an encoded envelope. A change of the
// format gets a new one, and old entries stay readable.
const envelopeVersion = 1

// Encode makes the payload: version, length of the event, then event and body.
func (e *Envelope) Encode() ([]byte, error) {
	// The length is known afterwards; its place is that of the longest.
	const head = 1 + binary.MaxVarintLen32
	out, err := e.Event.AppendJSON(make([]byte, head, head+usualEvent+len(e.Body)))
	if err != nil {
		return nil, fmt.Errorf("ingest: encode event: %w", err)
	}
	var front [head]byte
	front[0] = envelopeVersion
	n := 1 + binary.PutUvarint(front[1:], uint64(len(out)-head))
	out = append(out, e.Body...)
	copy(out[head-n:], front[:n])
	return out[head-n:], nil
}

// usualEvent is the size that most events stay below, in bytes.
const usualEvent = 1024

// DecodeEnvelope is the inverse of Encode. Body aliases payload.
func DecodeEnvelope(payload []byte) (Envelope, error) {
	var e Envelope
	if len(payload) < 2 || payload[0] != envelopeVersion {
		return e, ErrEnvelope
	}
	size, n := binary.Uvarint(payload[1:])
	rest := payload[1:]
	if n <= 0 || size > uint64(len(rest)-n) {
		return e, ErrEnvelope
	}
	rest = rest[n:]
	if err := fastjson.Unmarshal(rest[:size], &e.Event); err != nil {
		return e, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	e.Body = rest[size:]
	return e, nil
}
