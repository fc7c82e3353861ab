package filter_test

import (
	"errors"
	"testing"
	"time"

	"tributary/chat"
	"tributary/chat/filter"
)

var fuzzed = []string{
	`[{"attribute_key":"status","filter_operator":"equal_to","values":["open","all",1],"query_operator":"and"},
		{"attribute_key":"plan","filter_operator":"not_equal_to","values":["gold"],"query_operator":"or","custom_attribute_type":"conversation_attribute"},
		{"attribute_key":"labels","filter_operator":"is_not_present","values":[],"query_operator":null}]`,
	`{"0":{"attribute_key":"created_at","filter_operator":"days_before","values":{"0":"3"}}}`,
	`[{"attribute_key":"phone_number","filter_operator":"starts_with","values":"49"}]`,
	`[{"attribute_key":"seats","filter_operator":"is_greater_than","values":[1e400]},{"attribute_key":"since","filter_operator":"is_less_than","values":["2024-02-30"]}]`,
	`[{"attribute_key":"display_id","filter_operator":"contains","values":[12345678901234567890]}]`,
	`[{"attribute_key":"status","filter_operator":"attribute_changed","values":{"from":["open"],"to":[null]},"query_operator":"AND"},
		{"attribute_key":"content","filter_operator":"contains","values":["a"]}]`,
	`[{"attribute_key":"blocked","filter_operator":"equal_to","values":[true]}]`, `""`, `[]`, `[[]]`, `{"1":{}}`,
}

var fuzzedAttributes = []filter.Definition{
	{Key: "plan", Of: filter.Conversation, Kind: filter.Folded},
	{Key: "seats", Of: filter.Contact, Kind: filter.Number},
	{Key: "since", Of: filter.Contact, Kind: filter.Date},
	{Key: "vip", Of: filter.Conversation, Kind: filter.Bool},
}

// What a client sends is refused with an answer to it, or can be held against every record.
func FuzzParse(f *testing.F) {
	for _, text := range fuzzed {
		f.Add([]byte(text), `{"plan":"gold","seats":"4","since":"2024-02-29","vip":true}`)
	}
	now := time.Date(2025, 1, 31, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte, attributes string) {
		records := []filter.Record{{}, {
			filter.Conversation: {
				Columns: map[string]any{"status": int64(0), "display_id": int64(7), "created_at": now.UnixMicro()}, Labels: []string{"a"},
				Additional: attributes, Custom: attributes,
			},
			filter.Contact: {Columns: map[string]any{"name": "Ann", "phone_number": "+49", "blocked": false}, Additional: attributes, Custom: attributes},
			filter.Message: {Columns: map[string]any{"content": "hello"}},
		}}
		for _, g := range []filter.Grammar{filter.Conversations, filter.Contacts} {
			q, err := g.Parse(filter.Decode(text), fuzzedAttributes, now)
			if err != nil {
				refused(t, err)
				continue
			}
			for _, r := range records {
				q.Match(r)
			}
		}
		filter.CheckRule(filter.Decode(text), []string{"plan"})
		if _, err := filter.ParseRule(text, fuzzedAttributes, now); err != nil {
			refused(t, err)
		}
	})
}

func refused(t *testing.T, err error) {
	t.Helper()
	if e, ok := errors.AsType[*chat.Error](err); !ok || e.Message == "" {
		t.Errorf("%v", err)
	}
}
