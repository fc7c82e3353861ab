package desk

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"tributary/chat"
	"tributary/internal/sniff"
	"tributary/internal/vcard"
	"tributary/store"
	"tributary/wording"
)

// eventCard is the meta of a card that the provider described itself. Chatwoot keeps
// Telegram's own spelling of the names; its clients read both. What else is known is
// added where there is any, and the numbers, of which the title is the first, where
// the card came as a vCard.
func eventCard(channel string, c *chat.Card) string {
	first, last := "firstName", "lastName"
	if channel == "telegram" {
		first, last = "first_name", "last_name"
	}
	meta := map[string]any{first: c.FirstName, last: c.LastName}
	details(meta, c.Emails, c.Org)
	if c.VCard != "" && len(c.Phones) > 0 {
		meta["phones"] = c.Phones
	}
	return encode(meta)
}

func details(meta map[string]any, emails []string, organization string) {
	if len(emails) > 0 {
		meta["emails"] = emails
	}
	if organization != "" {
		meta["org"] = organization
	}
}

func encode(meta map[string]any) string {
	b, err := json.Marshal(meta)
	if err != nil {
		return "{}" // strings and lists of them: cannot fail
	}
	return string(b)
}

// fetchedCard is what an attachment shows of the cards in its file.
type fetchedCard struct{ title, meta string }

var errNoCard = errors.New("desk: no contact card")

// mayBeCard tells whether a file is worth reading as a vCard: the provider said that
// it is one, or it looks like one where nobody could have sent it as a document. The
// carriers of MMS know media only, and name types as the sender's phone does.
func mayBeCard(w wanted, file fetched) bool {
	if file.Size > vcard.MaxBytes {
		return false
	}
	text := strings.HasPrefix(file.ContentType, "text/") || file.ContentType == sniff.Binary
	is := file.ContentType == "text/vcard" || file.ContentType == "text/directory"
	return w.kind == "contact" && text || w.media && is
}

// readCard reads the cards in a file; errNoCard when nobody can.
func (f *Fetcher) readCard(ctx context.Context, a store.PendingAttachment, file fetched) (fetchedCard, error) {
	r, _, err := f.desk.Files.Open(ctx, file.ID)
	if err != nil {
		return fetchedCard{}, err
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(io.LimitReader(r, vcard.MaxBytes+1))
	if err != nil {
		return fetchedCard{}, err
	}
	set := file.charset
	if set == "" {
		set = charset(a.ContentType)
	}
	list, err := vcard.Parse(b, set)
	if err != nil {
		f.desk.Log.Info("contact card cannot be read", "attachment_id", a.ID, "inbox_id", a.InboxID, "reason", err)
		return fetchedCard{}, errNoCard
	}
	var out fetchedCard
	if phones := list[0].Phones; len(phones) > 0 {
		out.title = phones[0]
	} else {
		out.title = f.desk.Directory.Locale(a.InboxID).Say(wording.PlaceholderNoPhoneNumber.Text())
	}
	meta := fetchedMeta(&list[0])
	if len(list) > 1 {
		more := make([]map[string]any, len(list)-1)
		for i := range more {
			more[i] = fetchedMeta(&list[i+1])
		}
		meta["cards"] = more
	}
	out.meta = encode(meta)
	return out, nil
}

// fetchedMeta is the meta of a card in a file. Clients show first and last name, so
// one that only has a whole name has it as the first.
func fetchedMeta(c *vcard.Card) map[string]any {
	first := c.FirstName
	if first == "" && c.LastName == "" {
		first = c.FormattedName
	}
	meta := map[string]any{"firstName": first, "lastName": c.LastName, "formattedName": c.FormattedName}
	if len(c.Phones) > 0 {
		meta["phones"] = c.Phones
	}
	details(meta, c.Emails, c.Organization)
	return meta
}
