package desk_test

import (
	"testing"

	"tributary/chat"
	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// mention is somebody's story that mentions us.
func (w *world) mention(inbox int64, key string) *chat.Event {
	e := w.message(inbox, "9115", key, "")
	e.Message.Attachments = []chat.Attachment{{
		Kind: "story_mention", ExternalURL: "https://cdn.example.test/" + key,
		Fetch: &chat.Fetch{Strategy: "url", Ref: "https://cdn.example.test/" + key},
	}}
	return e
}

func TestStoryMentions(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		p, runner := w.provider()
		login, page := w.instagram(), w.facebook()
		const story = `{"story":{"mention":{"link":"https://cdn.example.test/s","id":"18001"}},"from":{"username":"tomas.bakes","id":"9115"},"id":"m"}`
		p.set("/v22.0/m1", 200, story)
		p.set("/v18.0/m2", 200, story)
		p.set("/v22.0/m3", 400, `{"error":{"message":"The link could not be scraped","code":1609005}}`)
		p.set("/v22.0/m4", 400, `{"error":{"message":"not permitted","code":10}}`)
		w.receive(w.mention(login, "m1"), w.mention(page, "m2"), w.mention(login, "m3"), w.mention(login, "m4"))
		w.settled(runner)
		w.want(`SELECT content FROM messages ORDER BY id`,
			"tomas.bakes mentioned you in the story", "tomas.bakes mentioned you in the story", "This story is no longer available", "")
		w.want(`SELECT m.source_id FROM attachments a JOIN messages m ON m.id = a.message_id ORDER BY m.id`, "m1", "m2", "m4")
		for _, key := range []string{"m1", "m2"} {
			got := w.attributes(`SELECT content_attributes FROM messages WHERE source_id = '` + key + `'`)
			if got["story_sender"] != "tomas.bakes" || got["story_id"] != "18001" || got["image_type"] != "story_mention" {
				t.Errorf("%s: attributes %v", key, got)
			}
		}
		w.want(`SELECT m.source_id FROM outbox o JOIN messages m ON m.id = o.message_id WHERE o.kind = 'message.updated' ORDER BY m.id`, "m1", "m2", "m3")
		w.want(`SELECT CAST(authorization_errors AS TEXT) FROM channels ORDER BY id`, "0", "0")
	})
}

// What the contact did to the message before the look-up stays.
func TestStoryMentionChangedMeanwhile(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.instagram()
		const story = `{"story":{"mention":{"id":"18001"}},"from":{"username":"tomas.bakes"}}`
		w.receive(w.mention(inbox, "m1"), w.mention(inbox, "m2"))
		change := func(kind chat.Kind, key, text string) *chat.Event {
			e := w.message(inbox, "9115", key+" changed", text)
			e.Kind, e.Target = kind, &chat.Target{SourceIDs: []string{key}}
			return e
		}
		w.receive(change(chat.KindDelete, "m1", ""), change(chat.KindEdit, "m2", "look at this"))
		p, runner := w.provider()
		p.set("/v22.0/m1", 200, story)
		p.set("/v22.0/m2", 200, story)
		w.settled(runner)
		w.want(`SELECT content FROM messages ORDER BY id`, "This message was deleted", "look at this")
		deleted := w.attributes(`SELECT content_attributes FROM messages WHERE source_id = 'm1'`)
		edited := w.attributes(`SELECT content_attributes FROM messages WHERE source_id = 'm2'`)
		if deleted["story_sender"] != nil || edited["story_sender"] != "tomas.bakes" {
			t.Errorf("attributes of the deleted message %v, of the edited one %v", deleted, edited)
		}
		w.want(`SELECT m.source_id FROM attachments a JOIN messages m ON m.id = a.message_id`, "m2")
	})
}
