// Package validate collects what is wrong with a record and words it the way
// clients of the API expect: "Name can't be blank, Email is invalid".
package validate

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tributary/chat"
)

// Usual texts. Each continues the humanised name of an attribute.
const (
	Blank     = "can't be blank"
	Taken     = "has already been taken"
	MustExist = "must exist"
	NotListed = "is not included in the list"
	NotNumber = "is not a number"
	Invalid   = "is invalid"
)

// Lengths of the columns, in characters.
const (
	ShortText = 255
	LongText  = 20000
)

// Base is the attribute of errors that concern the record as a whole; their
// text stands alone.
const Base = "base"

// Errors collects failures in the order in which they are found. The zero value
// is ready to use.
type Errors struct {
	messages   []string
	attributes []string
}

// Add notes that attribute fails; text continues the attribute's name, or
// stands alone when attribute is Base.
func (e *Errors) Add(attribute, text string) {
	if attribute == Base {
		e.AddWhole(attribute, text)
		return
	}
	e.AddWhole(attribute, Humanize(attribute)+" "+text)
}

// AddWhole notes that attribute fails with a text that is shown as it is.
func (e *Errors) AddWhole(attribute, message string) {
	e.messages = append(e.messages, message)
	if !slices.Contains(e.attributes, attribute) {
		e.attributes = append(e.attributes, attribute)
	}
}

// Present demands that value holds more than white space.
func (e *Errors) Present(attribute, value string) {
	if strings.TrimSpace(value) == "" {
		e.Add(attribute, Blank)
	}
}

// MaxLen demands at most limit characters.
func (e *Errors) MaxLen(attribute, value string, limit int) {
	if len(value) > limit && utf8.RuneCountInString(value) > limit {
		e.Add(attribute, "is too long (maximum is "+strconv.Itoa(limit)+" characters)")
	}
}

// OneOf demands that value is in list.
func (e *Errors) OneOf(attribute, value string, list ...string) {
	if !slices.Contains(list, value) {
		e.Add(attribute, NotListed)
	}
}

// Any tells whether anything failed.
func (e *Errors) Any() bool { return len(e.messages) > 0 }

// Err is nil when nothing failed, else a *chat.Error with code CodeInvalid.
func (e *Errors) Err() error {
	if !e.Any() {
		return nil
	}
	return &chat.Error{
		Code:       chat.CodeInvalid,
		Message:    strings.Join(e.messages, ", "),
		Attributes: slices.Clone(e.attributes),
	}
}

// Fail is the error of one failed attribute; text continues its name.
func Fail(attribute, text string) error {
	var e Errors
	e.Add(attribute, text)
	return e.Err()
}

// Humanize is an attribute's name as people read it: "user_id" becomes "User",
// "phone_number" becomes "Phone number".
func Humanize(attribute string) string {
	name := strings.ReplaceAll(strings.TrimSuffix(attribute, "_id"), "_", " ")
	name = strings.TrimSpace(name)
	first, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + name[size:]
}
