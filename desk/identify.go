package desk

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"tributary/channels"
	"tributary/internal/optional"
	"tributary/internal/validate"
	"tributary/store"
)

// Identity is what a client of the public API tells about a contact. Empty texts
// are not told.
type Identity struct {
	Identifier       string
	Name             string
	Email            string
	Phone            string // E.164
	AvatarURL        string
	CustomAttributes map[string]any
}

// normal is what is compared and stored: clean texts, none of them blank.
func (in Identity) normal() Identity {
	for _, text := range []*string{&in.Identifier, &in.Name, &in.Email, &in.Phone} {
		*text = filled(channels.Clean(*text))
	}
	in.Email = strings.ToLower(in.Email)
	return in
}

// filled is s, or empty when it is blank.
func filled(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return s
}

// check tells what the contact's record cannot hold (contract 03 §3).
func (in Identity) check(errs *validate.Errors) {
	errs.MaxLen("name", in.Name, validate.ShortText)
	errs.MaxLen("identifier", in.Identifier, validate.ShortText)
	errs.MaxLen("email", in.Email, validate.ShortText)
	if in.Email != "" && !validEmail(in.Email) {
		errs.AddWhole("email", "Email Invalid email")
	}
	if in.Phone != "" && !validPhone(in.Phone) {
		errs.Add("phone_number", "should be in e164 format")
	}
	checkAttributes(errs, "custom_attributes", in.CustomAttributes)
}

// validEmail demands one @ with something on both sides and no white space.
func validEmail(s string) bool {
	before, after, ok := strings.Cut(s, "@")
	return ok && before != "" && after != "" && !strings.Contains(after, "@") && strings.IndexFunc(s, unicode.IsSpace) < 0
}

// validPhone demands E.164.
func validPhone(s string) bool {
	return len(s) >= 3 && len(s) <= 16 && s[0] == '+' && s[1] != '0' && digits(s) == s[1:]
}

// Limits on the values of free attributes (contract 02 §2.1).
const (
	maxAttributeText   = 1500
	maxAttributeNumber = 9_999_999_999
)

func checkAttributes(errs *validate.Errors, attribute string, values map[string]any) {
	for key, v := range values {
		switch v := v.(type) {
		case string:
			if utf8.RuneCountInString(v) > maxAttributeText {
				errs.Add(attribute, key+" length should be < 1500")
			}
		case json.Number:
			if n, err := v.Int64(); err == nil && n > maxAttributeNumber || err != nil && !strings.ContainsAny(v.String(), ".eE") {
				errs.Add(attribute, key+" value should be < 9999999999")
			}
		}
	}
}

// Attributes is a JSON object of free attributes; an error when a value is too large.
func Attributes(name string, values map[string]any) (string, error) {
	var errs validate.Errors
	checkAttributes(&errs, name, values)
	if values == nil {
		values = map[string]any{}
	}
	return object(values), errs.Err()
}

// newName is what a contact is called whose client tells no name.
func newName() string {
	first := []string{"amber", "brave", "calm", "dusty", "early", "gentle", "lucky", "misty", "quiet", "silver", "sunny", "wild"}
	second := []string{"brook", "cloud", "dawn", "field", "forest", "lake", "leaf", "meadow", "moon", "river", "star", "wave"}
	return first[rand.IntN(len(first))] + "-" + second[rand.IntN(len(second))] + "-" + strconv.Itoa(100+rand.IntN(900))
}

// OpenSession finds or makes the contact inbox of a client of the public API and
// gives its source id. A source id that is there already wins over everything
// else that is told; a contact that is known by identifier, e-mail or phone gets
// another address and is not changed.
func (d *Desk) OpenSession(ctx context.Context, inbox PublicInbox, source optional.Value[string], in Identity) (string, error) {
	sourceID := source.Or(uuid.NewString())
	var errs validate.Errors
	errs.Present("source_id", sourceID)
	errs.MaxLen("source_id", sourceID, validate.ShortText)
	if err := errs.Err(); err != nil {
		return "", err
	}
	in = in.normal()
	err := d.again(ctx, func(tx *store.Tx) error {
		key := store.SourceKey{InboxID: inbox.ID, SourceID: sourceID}
		known, err := tx.ContactInboxes(ctx, []store.SourceKey{key})
		if err != nil || known[key].ContactInboxID != 0 {
			return err
		}
		id, made, err := d.ensureContact(ctx, tx, inbox.AccountID, in)
		if err != nil {
			return err
		}
		if _, err := tx.InsertContactInboxes(ctx, []store.NewContactInbox{{SourceKey: key, ContactID: id, Token: store.NewToken()}}); err != nil {
			return err
		}
		if !made {
			return nil
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{contactEvent("contact.created", inbox, id)})
	})
	if err != nil {
		return "", err
	}
	d.WakeJobs()
	return sourceID, nil
}

func contactEvent(kind string, inbox PublicInbox, contactID int64) store.OutboxRow {
	return store.OutboxRow{AccountID: inbox.AccountID, Kind: kind, InboxID: inbox.ID, Payload: object(map[string]any{"contact_id": contactID})}
}

// ensureContact finds a contact of the account or makes one.
func (d *Desk) ensureContact(ctx context.Context, tx *store.Tx, accountID int64, in Identity) (id int64, made bool, err error) {
	values := [...]string{store.ByIdentifier: in.Identifier, store.ByEmail: in.Email, store.ByPhone: in.Phone}
	for key, value := range values {
		if id, err = tx.ContactOf(ctx, accountID, store.IdentityKey(key), value); err != nil || id != 0 {
			return id, false, err
		}
	}
	var errs validate.Errors
	in.check(&errs)
	if err := errs.Err(); err != nil {
		return 0, false, err
	}
	contact := store.ContactView{Name: in.Name, CustomAttributes: object(deepMerge(nil, in.CustomAttributes))}
	if in.Name == "" {
		contact.Name = newName()
	}
	assign(&contact, in)
	id, err = tx.InsertContact(ctx, accountID, contact)
	return id, true, err
}

// assign sets what was told.
func assign(c *store.ContactView, in Identity) {
	for _, v := range []struct {
		to    **string
		value string
	}{{&c.Identifier, in.Identifier}, {&c.Email, in.Email}, {&c.Phone, in.Phone}} {
		if v.value != "" {
			*v.to = &v.value
		}
	}
	if in.Name != "" {
		c.Name = in.Name
	}
	if c.AvatarURL == "" && webAddress(in.AvatarURL) {
		c.AdditionalAttributes = withAttribute(c.AdditionalAttributes, "provider_avatar_url", in.AvatarURL)
	}
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// Identify tells more about the contact of a session (contract 03 §4.4). A
// contact that has the e-mail or the phone number already absorbs the session's,
// and the session is the survivor's then. The identifier is not looked at: only
// OpenSession sets it.
func (d *Desk) Identify(ctx context.Context, inbox PublicInbox, sourceID string, in Identity) error {
	in = in.normal()
	in.Identifier = ""
	var errs validate.Errors
	in.check(&errs)
	if err := errs.Err(); err != nil {
		return err
	}
	err := d.again(ctx, func(tx *store.Tx) error {
		m, err := d.lockMerge(ctx, tx, inbox, sourceID, in)
		if err != nil {
			return err
		}
		if err := m.run(ctx, &in); err != nil {
			return err
		}
		c := m.current.ContactView
		assign(&c, in)
		c.CustomAttributes = object(deepMerge(parse(c.CustomAttributes), in.CustomAttributes))
		if err := tx.UpdateContact(ctx, c); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, append(m.events, contactEvent("contact.updated", inbox, c.ID)))
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// merge is the part of Identify that joins contacts.
type merge struct {
	tx            *store.Tx
	inbox         PublicInbox
	locked        map[int64]store.ContactRecord
	current       store.ContactRecord
	byMail, byTel int64
	events        []store.OutboxRow
}

// lockMerge finds and locks all contacts that may be joined.
func (d *Desk) lockMerge(ctx context.Context, tx *store.Tx, inbox PublicInbox, sourceID string, in Identity) (*merge, error) {
	s, err := tx.Session(ctx, inbox.ID, sourceID)
	if err != nil {
		return nil, err
	}
	m := &merge{tx: tx, inbox: inbox}
	if m.byMail, err = tx.ContactOf(ctx, inbox.AccountID, store.ByEmail, in.Email); err != nil {
		return nil, err
	}
	if m.byTel, err = tx.ContactOf(ctx, inbox.AccountID, store.ByPhone, in.Phone); err != nil {
		return nil, err
	}
	wanted := slices.Compact(slices.Sorted(slices.Values([]int64{s.Contact.ID, m.byMail, m.byTel})))
	wanted = slices.DeleteFunc(wanted, func(id int64) bool { return id == 0 })
	if m.locked, err = tx.LockContacts(ctx, inbox.AccountID, wanted...); err != nil {
		return nil, err
	}
	if len(m.locked) != len(wanted) {
		return nil, store.ErrConflict // one of them went before we had it
	}
	m.current = m.locked[s.Contact.ID]
	return m, nil
}

// run joins the owners of e-mail and phone with the current contact. A phone
// number whose owner has another e-mail than the one that is told stays theirs.
func (m *merge) run(ctx context.Context, in *Identity) error {
	before := m.current.ID
	if m.byMail != 0 && m.byMail != before {
		if err := m.absorb(ctx, m.locked[m.byMail]); err != nil {
			return err
		}
	}
	if m.byTel == 0 || m.byTel == before || m.byTel == m.current.ID {
		return nil
	}
	owner := m.locked[m.byTel]
	if in.Email != "" && owner.Email != nil && *owner.Email != in.Email {
		in.Phone = ""
		return nil
	}
	return m.absorb(ctx, owner)
}

// absorb makes base the current contact: it keeps what it has and gets what it
// lacks (contract 03 §4.6).
func (m *merge) absorb(ctx context.Context, base store.ContactRecord) error {
	from := m.current
	moved, err := m.tx.AbsorbContact(ctx, base.ID, from.ID)
	if err != nil {
		return err
	}
	for _, c := range moved {
		m.events = append(m.events, store.OutboxRow{AccountID: m.inbox.AccountID, Kind: "conversation.contact_changed", InboxID: c.InboxID, ConversationID: c.ID})
	}
	for _, v := range []struct{ to, from **string }{
		{&base.Identifier, &from.Identifier}, {&base.Email, &from.Email}, {&base.Phone, &from.Phone},
	} {
		if *v.to == nil || **v.to == "" {
			*v.to = *v.from
		}
	}
	if base.Name == "" {
		base.Name = from.Name
	}
	base.AdditionalAttributes = object(deepMerge(parse(from.AdditionalAttributes), parse(base.AdditionalAttributes)))
	base.CustomAttributes = object(deepMerge(parse(from.CustomAttributes), parse(base.CustomAttributes)))
	m.events = append(m.events, contactEvent("contact.deleted", m.inbox, from.ID), contactEvent("contact.merged", m.inbox, base.ID))
	m.current = base
	return nil
}

// deepMerge puts over on top of under, object by object.
func deepMerge(under, over map[string]any) map[string]any {
	out := map[string]any{}
	maps.Copy(out, under)
	for k, v := range over {
		inner, isObject := v.(map[string]any)
		below, wasObject := out[k].(map[string]any)
		if isObject && wasObject {
			v = deepMerge(below, inner)
		}
		out[k] = v
	}
	return out
}
