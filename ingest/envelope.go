// Package ingest takes webhooks in and applies them. The edge proves and
// normalises a request and answers it once its events are durable in the queue;
// the worker applies the queued events to the desk, in order and once.
package ingest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"tributary/chat"
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
	event, err := json.Marshal(&e.Event)
	if err != nil {
		return nil, fmt.Errorf("ingest: encode event: %w", err)
	}
	out := make([]byte, 0, 1+binary.MaxVarintLen32+len(event)+len(e.Body))
	out = append(out, envelopeVersion)
	out = binary.AppendUvarint(out, uint64(len(event)))
	out = append(out, event...)
	return append(out, e.Body...), nil
}

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
	if err := json.Unmarshal(rest[:size], &e.Event); err != nil {
		return e, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	e.Body = rest[size:]
	return e, nil
}
