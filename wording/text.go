package wording

import "strconv"

// Key names a text of the catalogue: "placeholder.deleted". Keys are the constants
// of this package.
type Key string

// Args are the arguments of a text, by name.
type Args map[string]string

// Text is something to say that is not in words yet. It may be stored: keys keep
// their names.
type Text struct {
	Key  Key  `json:"key"`
	Args Args `json:"args,omitempty"`
	// Number chooses between the forms of a text about a number, see Count.
	Number *int64 `json:"number,omitempty"`
}

// Zero tells whether there is nothing to say.
func (t Text) Zero() bool { return t.Key == "" }

// Text is the text of a key without arguments.
func (k Key) Text() Text { return Text{Key: k} }

// With is the text of a key with arguments, in pairs of name and value:
// k.With("name", "Ana"). Values are put in as they are.
func (k Key) With(pairs ...string) Text {
	t := Text{Key: k, Args: make(Args, len(pairs)/2)}
	for i := 1; i < len(pairs); i += 2 {
		t.Args[pairs[i-1]] = pairs[i]
	}
	return t
}

// Count is the text of a key about n of something, in the form that the language has
// for n. The number itself is the argument "count"; pairs are further ones.
func (k Key) Count(n int64, pairs ...string) Text {
	t := k.With(pairs...)
	t.Number, t.Args[countArg] = &n, strconv.FormatInt(n, 10)
	return t
}

const countArg = "count"
