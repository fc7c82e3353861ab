package desk

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"net/url"
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

// Identity is what somebody tells about themselves, or who made them known to us.
// Empty texts are not told.
type Identity struct {
	Identifier           string
	Name                 string
	Email                string
	Phone                string // E.164
	AvatarURL            string
	CustomAttributes     map[string]any
	AdditionalAttributes map[string]any
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
		c, made, err := d.ensureContact(ctx, tx, inbox.AccountID, in)
		if err != nil {
			return err
		}
		if _, err := tx.InsertContactInboxes(ctx, []store.NewContactInbox{{SourceKey: key, ContactID: c.ID, Token: store.NewToken()}}); err != nil {
			return err
		}
		if c.AvatarBlobID == 0 {
			if err := orderAvatarURL(ctx, tx, inbox.AccountID, c.ID, inbox.ID, in.AvatarURL); err != nil {
				return err
			}
		}
		if !made {
			return nil
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{contactEvent("contact.created", inbox.AccountID, inbox.ID, c.ID, Actor{}, nil)})
	})
	if err != nil {
		return "", err
	}
	d.WakeJobs()
	return sourceID, nil
}

// ensureContact finds a contact of the account, locked, or makes one.
func (d *Desk) ensureContact(ctx context.Context, tx *store.Tx, accountID int64, in Identity) (c store.ContactView, made bool, err error) {
	for key, value := range in.keys() {
		id, err := tx.ContactOf(ctx, accountID, store.IdentityKey(key), value)
		if err != nil {
			return c, false, err
		}
		if id == 0 {
			continue
		}
		known, err := lockContact(ctx, tx, accountID, id)
		if errors.Is(err, store.ErrNotFound) {
			err = store.ErrConflict // it went before we had it
		}
		return known.ContactView, false, err
	}
	var errs validate.Errors
	in.check(&errs)
	if err := errs.Err(); err != nil {
		return c, false, err
	}
	c = store.ContactView{
		Name: in.Name, AdditionalAttributes: object(deepMerge(nil, in.AdditionalAttributes)), CustomAttributes: object(deepMerge(nil, in.CustomAttributes)),
	}
	if in.Name == "" {
		c.Name = newName()
	}
	assign(&c, in)
	if c.ID, err = tx.InsertContact(ctx, accountID, c); err != nil {
		return c, false, err
	}
	return c, true, d.orderGravatar(ctx, tx, accountID, c.ID, nil, c.Email)
}

// keys are the values by which somebody is known, in the order in which they decide.
func (in Identity) keys() [3]string {
	return [...]string{store.ByIdentifier: in.Identifier, store.ByEmail: in.Email, store.ByPhone: in.Phone}
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
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// Identify tells more about the contact of a session of the public API, see
// IdentifyContact. The identifier is not looked at: only OpenSession sets it.
// store.ErrNotFound when the inbox has no such session.
func (d *Desk) Identify(ctx context.Context, inbox PublicInbox, sourceID string, in Identity) error {
	in.Identifier = ""
	_, err := d.IdentifyContact(ctx, Identification{Identity: in, AccountID: inbox.AccountID, InboxID: inbox.ID, SourceID: sourceID})
	return err
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
