package live

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
)

// frame is a message to a client: prefix, payload and a closing brace, or the payload
// alone when there is no prefix. The payload is shared by all whom it is for.
type frame struct {
	prefix, payload []byte
	op              byte // of the websocket; 0: text
}

// Kinds of frames (RFC 6455 §5.2).
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
	final   = 0x80
)

func (f *frame) size() int {
	if f.prefix == nil {
		return len(f.payload)
	}
	return len(f.prefix) + len(f.payload) + 1
}

// appendTo puts the frame behind b as it goes over the wire: a server's are not masked.
func (f *frame) appendTo(b []byte) []byte {
	op := f.op
	if op == 0 {
		op = opText
	}
	b = append(b, final|op)
	switch n := f.size(); {
	case n < 126:
		b = append(b, byte(n))
	case n <= 0xFFFF:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n)) //nolint:gosec // n fits
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n)) //nolint:gosec // a length
	}
	b = append(append(b, f.prefix...), f.payload...)
	if f.prefix != nil {
		b = append(b, '}')
	}
	return b
}

// What the server itself says.
const (
	welcome     = `{"type":"welcome"}`
	typeConfirm = "confirm_subscription"
	typeReject  = "reject_subscription"
)

func ping(unix int64) []byte {
	return append(strconv.AppendInt([]byte(`{"type":"ping","message":`), unix, 10), '}')
}

// quoted is a string as JSON, with no more escapes than JSON needs.
func quoted(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // a string always can be
		return []byte(`""`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// about is what the server says of a subscription.
func about(identifier, kind string) []byte {
	b := append([]byte(`{"identifier":`), quoted(identifier)...)
	return append(b, `,"type":"`+kind+`"}`...)
}

// prefixOf begins every message of a subscription.
func prefixOf(identifier string) []byte {
	b := append([]byte(`{"identifier":`), quoted(identifier)...)
	return append(b, `,"message":`...)
}

// command is what a client says.
type command struct {
	Command    string `json:"command"`
	Identifier string `json:"identifier"`
	Data       string `json:"data"`
}

// id is a number, which may come as text.
type id int64

// UnmarshalJSON implements json.Unmarshaler. What is no number is 0, which nobody has.
func (n *id) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(string(bytes.Trim(b, `"`)), 10, 64)
	if err != nil {
		v = 0
	}
	*n = id(v)
	return nil
}

// claim reads an identifier.
func claim(identifier string) (Claim, bool) {
	var in struct {
		Channel string          `json:"channel"`
		Token   string          `json:"pubsub_token"`
		User    json.RawMessage `json:"user_id"`
		Account id              `json:"account_id"`
	}
	if err := json.Unmarshal([]byte(identifier), &in); err != nil || in.Channel != "RoomChannel" || in.Token == "" {
		return Claim{}, false
	}
	out := Claim{Token: in.Token, AccountID: int64(in.Account)}
	switch string(in.User) {
	case "", "null", `""`:
		return out, true
	}
	var user id
	_ = user.UnmarshalJSON(in.User) // has none
	out.User, out.UserID = true, int64(user)
	return out, true
}
