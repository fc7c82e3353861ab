package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// JobProfile asks a provider who a contact is.
const JobProfile = "contact.profile"

// ProfileJob is the payload of JobProfile.
type ProfileJob struct {
	InboxID  int64  `json:"inbox_id"`
	SourceID string `json:"source_id"`
	Thread   string `json:"thread_type,omitempty"` // conversation additional_attributes.type
}

// profileRest is how long a provider that told nothing is left alone about the
// same contact.
const profileRest = time.Hour

// profiles orders a look-up for every contact that is new to its inbox, and for
// those whose look-up failed before: they have no name yet.
func (r *reception) profiles(ctx context.Context, arrivals []*arrival) error {
	var list []store.Job
	for _, a := range arrivals {
		if a.event.Contact.Lookup != "needed" || !a.unknown && !a.nameless() {
			continue
		}
		if _, ok := a.driver.(channels.Profiler); !ok {
			continue
		}
		job := ProfileJob{InboxID: a.source.InboxID, SourceID: a.source.SourceID}
		if t := a.event.Thread; t != nil {
			job.Thread, _ = t.Attributes["type"].(string)
		}
		payload, err := json.Marshal(job)
		if err != nil {
			return fmt.Errorf("desk: profile: %w", err)
		}
		list = append(list, store.Job{
			Kind: JobProfile, UniqueKey: lookupKey(JobProfile, a.source.InboxID, a.contact.ContactInboxID),
			AccountID: a.event.AccountID, Payload: payload,
		})
	}
	return r.tx.OrderJobs(ctx, list, profileRest)
}

// nameless tells whether the contact still has the name that the desk made up.
func (a *arrival) nameless() bool {
	return isMadeUp(a.contact.Name, a.driver, a.source.SourceID, a.channel.Locale)
}

// LookUpProfile is the handler of JobProfile.
func (d *Desk) LookUpProfile(ctx context.Context, j store.Job) error {
	var in ProfileJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	driver, ch, ok, err := d.authorized(ctx, j, in.InboxID)
	if err != nil || !ok {
		return err
	}
	profiler, ok := driver.(channels.Profiler)
	if !ok {
		return nil
	}
	profile, err := profiler.Profile(ctx, ch, in.SourceID, in.Thread)
	if err != nil {
		return d.lookupFailed(ctx, j, driver, ch, err)
	}
	changed := false
	err = d.again(ctx, func(tx *store.Tx) error {
		var err error
		changed, err = d.applyProfile(ctx, tx, driver, ch, in.SourceID, &profile)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // the contact was deleted meanwhile
	}
	if err == nil && changed {
		d.WakeJobs()
	}
	return err
}

// applyProfile writes what the provider told into the contact that has the
// source id now.
func (d *Desk) applyProfile(ctx context.Context, tx *store.Tx, driver channels.Driver, ch *channels.Channel, sourceID string, p *chat.Contact) (bool, error) {
	s, err := tx.Session(ctx, ch.InboxID, sourceID)
	if err != nil {
		return false, err
	}
	locked, err := tx.LockContacts(ctx, ch.AccountID, s.Contact.ID)
	if err != nil {
		return false, err
	}
	current, ok := locked[s.Contact.ID]
	if !ok {
		return false, store.ErrConflict // merged before we had it
	}
	c := current.ContactView
	if name := told(p); name != "" && unnamed(&c, driver, ch, sourceID) {
		c.Name = name
	}
	before := parse(c.AdditionalAttributes)
	after := deepMerge(before, parse(contactAttributes(p)))
	noteAvatar(after, p, tx.Now)
	c.AdditionalAttributes = object(after)
	if c.Name == current.Name && c.AdditionalAttributes == object(before) {
		return false, nil
	}
	if err := tx.UpdateContact(ctx, c); err != nil {
		return false, err
	}
	changed := current
	changed.ContactView = c
	row, _ := contactUpdated(current, changed, ch.InboxID, Actor{}, tx.Now)
	return true, tx.InsertOutbox(ctx, []store.OutboxRow{row})
}

// unnamed tells whether nobody has given the contact a name: it has the desk's
// own, or its number.
func unnamed(c *store.ContactView, driver channels.Driver, ch *channels.Channel, sourceID string) bool {
	phone := ""
	if c.Phone != nil {
		phone = *c.Phone
	}
	return c.Name == "" || isMadeUp(c.Name, driver, sourceID, ch.Locale) || isNumber(c.Name, phone, sourceID)
}

// noteAvatar records which picture the provider has now: its address for
// whoever stores a copy, and a digest of it by which a new one is noticed
// (contract 09 §2.4).
func noteAvatar(attributes map[string]any, p *chat.Contact, now time.Time) {
	address := p.AvatarURL
	if p.Avatar != nil {
		address = p.Avatar.Strategy + ":" + p.Avatar.Ref
	}
	if address == "" {
		return
	}
	digest := channels.Digest(address)
	if attributes["avatar_url_hash"] == digest {
		return
	}
	attributes["avatar_url_hash"], attributes["last_avatar_sync_at"] = digest, now.UTC().Format(time.RFC3339)
}
