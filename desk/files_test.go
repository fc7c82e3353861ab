package desk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/files"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// take stores a file that nothing uses yet.
func (w *world) take(account int64, name string, body []byte) files.File {
	w.t.Helper()
	f, err := w.files.Create(w.t.Context(), files.NewFile{AccountID: account, Filename: name, Reader: bytes.NewReader(body)})
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// outbound builds what a driver would send of a message.
func (w *world) outbound(message int64) *chat.Outbound {
	w.t.Helper()
	list, err := w.store.ClaimDeliveries(w.t.Context(), "test", time.Minute, 10, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range list {
		if d.MessageID != message {
			continue
		}
		o, err := w.store.LoadOutgoing(w.t.Context(), []store.Delivery{d})
		if err != nil {
			w.t.Fatal(err)
		}
		out, err := w.desk.Outbound(w.t.Context(), o[message])
		if err != nil {
			w.t.Fatal(err)
		}
		return out
	}
	w.t.Fatalf("no delivery of message %d", message)
	return nil
}

func TestReplyWithFiles(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.receive(w.message(inbox, "U1", "1", "hello"))
		picture, note := w.take(w.account, "a b.png", pngOf(t, 4, 3)), w.take(w.account, "note.txt", []byte("plain"))
		reply := desk.Reply{AccountID: w.account, DisplayID: 1, Type: chat.Outgoing, SenderType: "User", SenderID: w.user}
		reply.Files = []files.File{note, picture}
		id, err := w.desk.Reply(t.Context(), reply)
		if err != nil {
			t.Fatal(err)
		}
		out := w.outbound(id)
		if len(out.Attachments) != 2 {
			t.Fatalf("attachments %+v", out.Attachments)
		}
		for i, want := range []struct{ kind, mime, name, body string }{
			{"file", "text/plain", "note.txt", "plain"}, {"image", "image/png", "a b.png", string(pngOf(t, 4, 3))},
		} {
			got := out.Attachments[i]
			if got.Kind != want.kind || got.MIME != want.mime || got.Filename != want.name || got.Size != int64(len(want.body)) || got.ID == 0 ||
				!strings.HasPrefix(got.URL, "https://desk.example.test/rails/active_storage/blobs/proxy/") {
				t.Errorf("attachment %d: %+v", i, got)
			}
			r, err := got.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil || string(body) != want.body {
				t.Errorf("attachment %d: %d bytes, %v", i, len(body), err)
			}
		}
		w.want(`SELECT COUNT(*) || '' FROM blobs WHERE expires_unattached_at IS NOT NULL`, "0")

		// The webhook tells where the files are.
		payload, err := w.desk.MessageWebhook(t.Context(), "message_created", id)
		if err != nil {
			t.Fatal(err)
		}
		var told struct {
			Attachments []map[string]any `json:"attachments"`
		}
		if err := json.Unmarshal(payload, &told); err != nil || len(told.Attachments) != 2 {
			t.Fatalf("webhook: %v %s", err, payload)
		}
		for key, want := range map[string]any{
			"file_type": "image", "extension": "png", "width": 4.0, "height": 3.0, "file_size": float64(picture.Size),
			"data_url": w.files.URL(picture.ID, "a b.png"), "thumb_url": w.files.ThumbURL(picture.ID, "a b.png"),
		} {
			if got := told.Attachments[1][key]; got != want {
				t.Errorf("webhook: %s is %v, want %v", key, got, want)
			}
		}
	})
}

func TestReplyWithFilesRefused(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		w.receive(w.message(w.line(1), "U1", "1", "hello"))
		other, err := w.store.Bootstrap(t.Context(), "b@example.test", "B", "x", "Other")
		if err != nil {
			t.Fatal(err)
		}
		good, foreign, old := w.take(w.account, "g", []byte("g")), w.take(other.AccountID, "f", []byte("f")), w.take(w.account, "o", []byte("o"))
		if err := w.files.Delete(t.Context(), old.ID); err != nil {
			t.Fatal(err)
		}
		for name, list := range map[string][]files.File{
			"another account's": {good, foreign}, "one that is gone": {good, old}, "sixteen": make([]files.File, 16),
		} {
			_, err := w.desk.Reply(t.Context(), desk.Reply{AccountID: w.account, DisplayID: 1, Type: chat.Outgoing, SenderType: "User", SenderID: w.user, Files: list})
			if chat.CodeOf(err) != chat.CodeUnprocessable {
				t.Errorf("%s: %v, want a refusal", name, err)
			}
		}
		w.want(`SELECT COUNT(*) || '' FROM messages WHERE message_type = 1`, "0")
		w.want(`SELECT COUNT(*) || '' FROM deliveries`, "0")
		w.want(`SELECT COUNT(*) || '' FROM blobs WHERE expires_unattached_at IS NULL`, "0")
	})
}

// TestMediaMemory: a file goes through in pieces. It runs alone: what is counted is
// everything that the process allocates.
func TestMediaMemory(t *testing.T) {
	w := newWorld(t, testkit.Backend{Name: "embedded"})
	source := &endlessly{bodies: map[string]*endless{}}
	w.env.Guarded = &http.Client{Transport: source}
	w.receive(w.file(w.line(1), "1", link("video", "https://silent.example.test/film.mp4")))
	jobs, err := w.store.ClaimJobs(t.Context(), store.LaneMedia, "test", time.Minute, 10)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("jobs %v %v", jobs, err)
	}
	handler := desk.NewFetcher(w.desk, w.env, 0).Handlers()[store.JobMedia]
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = handler(t.Context(), jobs[0])
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if read := source.bodies["silent.example.test"].read; read < 40<<20 {
		t.Errorf("%d bytes were read", read)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 {
		t.Errorf("%d KiB were allocated for 40 MiB", allocated>>10)
	}
}
