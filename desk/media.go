package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"tributary/chat"
	"tributary/files"
	"tributary/internal/sniff"
	"tributary/store"
)

// How large files may be (contract 09 §2.6), in bytes.
const (
	maxMedia            = files.DefaultMaxBytes
	maxWhatsAppDocument = 100 << 20
)

// lastMediaAttempt gives a file up without trying: its attempts before ended with
// the process, or were our own trouble for hours.
const lastMediaAttempt = 11

// media is the handler of store.JobMedia. The message is there already; it is
// updated when its file is, or is given up.
func (f *Fetcher) media(ctx context.Context, j store.Job) error {
	var in store.MediaJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	a, err := f.desk.Store.PendingAttachment(ctx, in.AttachmentID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted, or done
	}
	if err != nil {
		return err
	}
	w := f.wanted(a)
	if json.Unmarshal([]byte(a.Fetch), &w.Fetch) != nil || j.Attempts >= lastMediaAttempt {
		return f.lose(ctx, a, w, false)
	}
	leave, err := f.enter(a.InboxID)
	if err != nil {
		return err
	}
	defer leave()
	file, err := f.download(ctx, j, w)
	if e, ok := errors.AsType[*fetchError](err); ok {
		if err := f.failed(ctx, j, a.InboxID, e); err != nil {
			return done(err)
		}
		f.desk.Log.Info("attachment given up", "attachment_id", a.ID, "inbox_id", a.InboxID, "reason", e.err)
		return f.lose(ctx, a, w, e.forbidden)
	}
	if err != nil {
		return done(err)
	}
	return f.fill(ctx, a, w, file)
}

// done is the end of a job that was put off: nothing went wrong.
func done(err error) error {
	if errors.Is(err, errPutOff) {
		return nil
	}
	return err
}

func (f *Fetcher) wanted(a store.PendingAttachment) wanted {
	w := wanted{accountID: a.AccountID, inboxID: a.InboxID, filename: a.FileName, kind: chat.FileTypes[a.FileType], maxBytes: maxMedia}
	_, ch, ok := f.desk.Directory.Inbox(a.InboxID)
	switch {
	case !ok:
	case ch.Type == "Channel::Whatsapp" && w.kind == "file":
		w.maxBytes = maxWhatsAppDocument
	case ch.Type == "Channel::TwilioSms", ch.Type == "Channel::Sms":
		w.media = true
	}
	return w
}

// fill gives the attachment its file.
func (f *Fetcher) fill(ctx context.Context, a store.PendingAttachment, w wanted, file fetched) error {
	kind := fetchedType(w.kind, a.ContentType, file.ContentType)
	filled := store.FilledAttachment{ID: a.ID, AccountID: a.AccountID, BlobID: file.ID}
	if mayBeCard(w, file) {
		card, err := f.readCard(ctx, a, file)
		switch {
		case errors.Is(err, errNoCard):
		case err != nil:
			return err
		default:
			kind, filled.Title, filled.Meta = "contact", card.title, card.meta
		}
	}
	filled.FileType = chat.IndexOf(chat.FileTypes, kind)
	err := f.settle(ctx, a, func(tx *store.Tx) error { return tx.FillAttachment(ctx, filled) })
	if errors.Is(err, store.ErrNotFound) {
		return f.desk.Files.Delete(ctx, file.ID) // the message was deleted meanwhile
	}
	return err
}

// fetchedType is the type of an attachment once its file is there: what the
// provider called a share or a story is what its bytes are (contract 09 §5.3), and
// so is a picture, a sound or a film that is none, or a card that cannot be read. A
// document stays one although it could be shown, and so does a sound in a container
// that may hold a film.
func fetchedType(was, declared, contentType string) string {
	is := sniff.FileType(contentType)
	major, _, _ := strings.Cut(contentType, "/")
	switch {
	case was == "ig_reel", was == "file" && declared != "":
		return was
	case was == "audio" && (major == "video" || contentType == sniff.Binary || contentType == "application/ogg"),
		was == "video" && (major == "video" || contentType == sniff.Binary):
		return was
	}
	return is
}

// lose makes an attachment whose file cannot be had a link, or the name of what is
// missing.
func (f *Fetcher) lose(ctx context.Context, a store.PendingAttachment, w wanted, forbidden bool) error {
	lost := store.LostAttachment{ID: a.ID, AccountID: a.AccountID, FileType: chat.IndexOf(chat.FileTypes, "fallback"), Title: a.FileName}
	link := publicLink(w.Fetch)
	if lost.Title == "" && w.Strategy == "url" {
		if u, err := url.Parse(w.Ref); err == nil {
			lost.Title = sniff.Filename(lastSegment(u), "")
		}
	}
	if lost.Title == "" {
		lost.Title = w.kind
	}
	switch {
	case forbidden:
	case link != "":
		lost.ExternalURL = link
	case a.ExternalURL != w.Ref:
		lost.ExternalURL = a.ExternalURL
	}
	err := f.settle(ctx, a, func(tx *store.Tx) error { return tx.LoseAttachment(ctx, lost) })
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// publicLink is where a person can look for a file: an address that needs and
// holds no credentials.
func publicLink(from chat.Fetch) string {
	u, err := url.Parse(from.Ref)
	if err != nil || from.Strategy != "url" || from.Auth != "" || u.Scheme != "https" || u.Host == "" || u.User != nil || len(from.Ref) > maxExternalURL {
		return ""
	}
	return from.Ref
}

// settle changes an attachment that waits, with everything that follows from it.
func (f *Fetcher) settle(ctx context.Context, a store.PendingAttachment, change func(*store.Tx) error) error {
	err := f.desk.again(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockMessage(ctx, a.ConversationID, a.MessageID); err != nil {
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		if err := tx.TouchMessage(ctx, a.MessageID); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{{
			AccountID: a.AccountID, Kind: "message.updated", InboxID: a.InboxID, ConversationID: a.ConversationID, MessageID: a.MessageID,
		}})
	})
	if err == nil {
		f.desk.WakeJobs()
	}
	return err
}
