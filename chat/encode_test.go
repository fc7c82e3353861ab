package chat_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"tributary/chat"
)

// texts are events as drivers make them of texts.
func texts() []chat.Event {
	return []chat.Event{
		{},
		{
			Key: "msg:1", Channel: "line", Transport: "line", Address: chat.Address{Kind: "line_channel_id", Value: "20"}, AccountID: 1, InboxID: 2,
			Delivery: "a-1", Path: "/events/0", Kind: chat.KindMessage, Reason: "r", OccurredAt: 3, ReceivedAt: 4, Proof: "ok",
			Contact: &chat.Contact{
				SourceID: "U1", Name: "Tomáš \"T\" <Říha> & \u2028 \\ \n\x01", FirstName: "a", LastName: "b", Username: "c", Phone: "+1",
				Lookup: "needed", Attributes: map[string]any{"id": "U\"1"},
			},
			Thread: &chat.Thread{
				Type: "tweet", Key: "k", ChatID: "c", ReplyToken: "t", ReplyTokenExpiresAt: 5,
				Attributes: map[string]any{"a": "b", "c": []any{1.5, nil, true}},
			},
			Message: &chat.Message{SourceID: "1", Direction: "outgoing", Content: "😀 bad \xff utf-8", ContentType: "sticker", Attributes: map[string]any{"n": 1.0}},
		},
		{Kind: chat.KindMessage, Contact: &chat.Contact{}, Thread: &chat.Thread{}, Message: &chat.Message{Attributes: map[string]any{}}},
	}
}

func TestAppendJSONWritesWhatMarshalWrites(t *testing.T) {
	t.Parallel()
	for _, e := range texts() {
		same(t, &e)
	}
}

// Every member of every struct is set once, alone: one that is added later must
// not be lost.
func TestAppendJSONLosesNoMember(t *testing.T) {
	t.Parallel()
	for _, part := range []func(*chat.Event) any{
		func(e *chat.Event) any { return e },
		func(e *chat.Event) any { e.Contact = &chat.Contact{}; return e.Contact },
		func(e *chat.Event) any { e.Thread = &chat.Thread{}; return e.Thread },
		func(e *chat.Event) any { e.Message = &chat.Message{}; return e.Message },
	} {
		for i := range reflect.TypeOf(part(&chat.Event{})).Elem().NumField() {
			var e chat.Event
			fill(reflect.ValueOf(part(&e)).Elem().Field(i))
			same(t, &e)
		}
	}
}

// fill sets v to something that is not empty.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	case reflect.Map:
		if v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.ValueOf(map[string]string{"x": "y"}).Convert(v.Type()))
			return
		}
		v.Set(reflect.ValueOf(map[string]any{"x": "y", "z": 1.0}))
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 { // raw JSON
			v.SetBytes([]byte(`{"x":1}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	default:
	}
}

func same(t *testing.T, e *chat.Event) {
	t.Helper()
	want, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.AppendJSON([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	var decodedGot, decodedWant any
	if err := json.Unmarshal(got[len("before"):], &decodedGot); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if err := json.Unmarshal(want, &decodedWant); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(decodedGot, decodedWant) {
		t.Errorf("got  %s\nwant %s", got[len("before"):], want)
	}
}
