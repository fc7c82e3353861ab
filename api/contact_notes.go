package api

import (
	"context"

	"tributary/api/route"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) contactNotes() []route.Row {
	const notes = account + "/contacts/{contact_id}/notes"
	return []route.Row{
		route.Get(notes, route.Member, a.listContactNotes),
		route.Get(notes+"/{id}", route.Member, a.showContactNote),
		route.Post(notes, route.Member, a.createContactNote).Flat("note"),
		route.Patch(notes+"/{id}", route.Member, a.updateContactNote).Flat("note"),
		route.Delete(notes+"/{id}", route.Member, a.deleteContactNote),
	}
}

// noteOut is a note about a contact.
type noteOut struct {
	ID        int64      `json:"id"`
	Content   string     `json:"content"`
	AccountID int64      `json:"account_id"`
	ContactID int64      `json:"contact_id"`
	User      *agentOut  `json:"user,omitempty"`
	CreatedAt route.Unix `json:"created_at"`
	UpdatedAt route.Unix `json:"updated_at"`
}

// notesOut presents notes; their authors are read for all of them together.
func (a *API) notesOut(ctx context.Context, c *route.Call, list []store.NoteRow) ([]noteOut, error) {
	var users []int64
	for _, n := range list {
		if n.UserID != nil {
			users = append(users, *n.UserID)
		}
	}
	people, err := a.Store.Agents(ctx, c.Account.ID, unique(users))
	if err != nil {
		return nil, err
	}
	out := make([]noteOut, len(list))
	for i, n := range list {
		out[i] = noteOut{
			ID: n.ID, Content: n.Content, AccountID: n.AccountID, ContactID: n.ContactID, CreatedAt: unix(&n.CreatedAt), UpdatedAt: unix(&n.UpdatedAt),
		}
		if n.UserID == nil {
			continue
		}
		if u, there := people[*n.UserID]; there {
			author := a.newAgentOut(ctx, c.Account.ID, u)
			out[i].User = &author
		}
	}
	return out, nil
}

// noteShown is one note, of a call that may have failed.
func (a *API) noteShown(ctx context.Context, c *route.Call, n store.NoteRow, err error) (noteOut, error) {
	if err != nil {
		return noteOut{}, found(err)
	}
	out, err := a.notesOut(ctx, c, []store.NoteRow{n})
	if err != nil {
		return noteOut{}, err
	}
	return out[0], nil
}

func (a *API) listContactNotes(ctx context.Context, c *route.Call, in byContact) ([]noteOut, error) {
	if err := a.contactExists(ctx, c, in.ContactID); err != nil {
		return nil, err
	}
	list, err := a.Store.ContactNotes(ctx, in.ContactID)
	if err != nil {
		return nil, err
	}
	return a.notesOut(ctx, c, list)
}

type byNote struct {
	ContactID int64 `path:"contact_id"`
	ID        int64 `path:"id"`
}

// note reads a note about a contact of the account.
func (a *API) note(ctx context.Context, c *route.Call, in byNote) (store.NoteRow, error) {
	if err := a.contactExists(ctx, c, in.ContactID); err != nil {
		return store.NoteRow{}, err
	}
	return a.Store.ContactNote(ctx, in.ContactID, in.ID)
}

func (a *API) showContactNote(ctx context.Context, c *route.Call, in byNote) (noteOut, error) {
	n, err := a.note(ctx, c, in)
	return a.noteShown(ctx, c, n, err)
}

type noteIn struct {
	Content route.Opt[string] `json:"content"`
}

// check demands a text.
func (in noteIn) check() error {
	if in == (noteIn{}) {
		return route.MissingParam("note")
	}
	var errs validate.Errors
	errs.Present("content", in.Content.V)
	errs.MaxLen("content", in.Content.V, validate.LongText)
	return errs.Err()
}

type createNoteIn struct {
	ContactID int64  `path:"contact_id"`
	Note      noteIn `json:"note"`
}

func (a *API) createContactNote(ctx context.Context, c *route.Call, in createNoteIn) (noteOut, error) {
	if err := a.contactExists(ctx, c, in.ContactID); err != nil {
		return noteOut{}, err
	}
	if err := in.Note.check(); err != nil {
		return noteOut{}, err
	}
	n, err := a.Store.InsertContactNote(ctx, store.NoteRow{
		AccountID: c.Account.ID, ContactID: in.ContactID, UserID: &c.User.ID, Content: in.Note.Content.V,
	})
	return a.noteShown(ctx, c, n, err)
}

type updateNoteIn struct {
	byNote
	Note noteIn `json:"note"`
}

// updateContactNote makes the caller the author.
func (a *API) updateContactNote(ctx context.Context, c *route.Call, in updateNoteIn) (noteOut, error) {
	n, err := a.note(ctx, c, in.byNote)
	if err != nil {
		return noteOut{}, found(err)
	}
	if err := in.Note.check(); err != nil {
		return noteOut{}, err
	}
	n.UserID, n.Content = &c.User.ID, in.Note.Content.V
	n, err = a.Store.UpdateContactNote(ctx, n)
	return a.noteShown(ctx, c, n, err)
}

func (a *API) deleteContactNote(ctx context.Context, c *route.Call, in byNote) (route.Empty, error) {
	if err := a.contactExists(ctx, c, in.ContactID); err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, found(a.Store.DeleteContactNote(ctx, in.ContactID, in.ID))
}
