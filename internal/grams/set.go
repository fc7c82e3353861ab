package grams

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/bits"
)

// Set is a set of documents of a segment, by their place in it.
type Set [Size / 64]uint64

// Add puts a place into the set.
func (s *Set) Add(place int) { s[place/64] |= 1 << (place % 64) }

// And keeps what is in other, too.
func (s *Set) And(other *Set) {
	for i := range s {
		s[i] &= other[i]
	}
}

// Or adds what is in other.
func (s *Set) Or(other *Set) {
	for i := range s {
		s[i] |= other[i]
	}
}

// Len is how many places are in the set.
func (s *Set) Len() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// Places are its places, the last first.
func (s *Set) Places() []int {
	out := make([]int, 0, 16)
	for i := len(s) - 1; i >= 0; i-- {
		for word := s[i]; word != 0; {
			high := bits.Len64(word) - 1
			out = append(out, i*64+high)
			word &^= 1 << high
		}
	}
	return out
}

const bitmapBytes = Size / 8

// Encode writes ascending places as text: the distances between them, or a bitmap
// where that is shorter.
func Encode(places []uint16) string {
	list := make([]byte, 0, 16)
	last := 0
	for _, p := range places {
		list = binary.AppendUvarint(list, uint64(int(p)-last)) //nolint:gosec // ascending
		last = int(p)
		if len(list) >= bitmapBytes {
			return base64.RawStdEncoding.EncodeToString(bitmap(places))
		}
	}
	return base64.RawStdEncoding.EncodeToString(list)
}

func bitmap(places []uint16) []byte {
	out := make([]byte, bitmapBytes)
	for _, p := range places {
		out[p/8] |= 1 << (p % 8)
	}
	return out
}

var errPlaces = errors.New("grams: not a list of places")

// Decode reads what Encode wrote.
func Decode(text string) (*Set, error) {
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errPlaces
	}
	s := &Set{}
	if len(b) == bitmapBytes {
		for i := range s {
			s[i] = binary.LittleEndian.Uint64(b[i*8:])
		}
		return s, nil
	}
	for at := uint64(0); len(b) > 0; {
		step, n := binary.Uvarint(b)
		if n <= 0 || step >= Size || at+step >= Size {
			return nil, errPlaces
		}
		at += step
		s.Add(int(at)) //nolint:gosec // below Size
		b = b[n:]
	}
	return s, nil
}

// Builder collects the pieces of the documents of a segment.
type Builder struct {
	at    map[int64]int
	lists [][]uint16
}

// NewBuilder makes an empty one.
func NewBuilder() *Builder { return &Builder{at: map[int64]int{}} }

// Add notes a piece of the document at a place. Documents come in the order of their
// places.
func (b *Builder) Add(place int, gram int64) {
	i, known := b.at[gram]
	if !known {
		i = len(b.lists)
		b.at[gram] = i
		b.lists = append(b.lists, nil)
	}
	list := b.lists[i]
	if n := len(list); n > 0 && int(list[n-1]) == place {
		return
	}
	b.lists[i] = append(list, uint16(place)) //nolint:gosec // below Size
}

// Text notes all pieces of a text.
func (b *Builder) Text(place int, text string) {
	Each(text, func(gram int64) { b.Add(place, gram) })
}

// Each calls f with every piece and where it is, in no order.
func (b *Builder) Each(f func(gram int64, places []uint16)) {
	for gram, i := range b.at {
		f(gram, b.lists[i])
	}
}
