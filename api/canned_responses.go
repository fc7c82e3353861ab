package api

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/files"
	"tributary/internal/sniff"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) cannedResponses() []route.Row {
	const canned = account + "/canned_responses"
	return []route.Row{
		route.Get(canned, route.Member, a.listCannedResponses),
		route.Post(canned, route.Member, a.createCannedResponse).Flat("canned_response").Require("canned_response").Limit(maxKept),
		route.Patch(canned+"/{id}", route.Member, a.updateCannedResponse).Flat("canned_response").Limit(maxKept),
		route.Delete(canned+"/{id}", route.Member, a.deleteCannedResponse),
	}
}

// maxKept is the longest request that brings files, in bytes: one of the longest, and
// what surrounds it.
const maxKept = files.DefaultMaxBytes + 1<<20

// cannedResponseOut is a canned response. Its attachments are ours: a client sends the
// signed id of one along with the message in which it uses the text.
type cannedResponseOut struct {
	ID          int64           `json:"id"`
	AccountID   int64           `json:"account_id"`
	ShortCode   string          `json:"short_code"`
	Content     string          `json:"content"`
	CreatedAt   route.ISO       `json:"created_at"`
	UpdatedAt   route.ISO       `json:"updated_at"`
	Attachments []cannedFileOut `json:"attachments"`
}

// cannedFileOut is a file of a canned response.
type cannedFileOut struct {
	ID          int64  `json:"id"`
	FileType    string `json:"file_type"`
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	FileSize    int64  `json:"file_size"`
	Width       *int   `json:"width"`
	Height      *int   `json:"height"`
	DataURL     string `json:"data_url"`
	ThumbURL    string `json:"thumb_url"`
	SignedID    string `json:"signed_id"`
}

func (a *API) newCannedFileOut(f store.KeptFile) cannedFileOut {
	out := cannedFileOut{
		ID: f.ID, FileType: sniff.FileType(f.ContentType), Filename: f.Filename, ContentType: f.ContentType, FileSize: f.Size,
		Width: f.Width, Height: f.Height, DataURL: a.Files.URL(f.BlobID, f.Filename), SignedID: a.Files.Signer.SignedID(f.BlobID),
	}
	if out.FileType == "image" {
		out.ThumbURL = a.Files.ThumbURL(f.BlobID, f.Filename)
	}
	return out
}

// newCannedResponsesOut reads the files of all of them at once.
func (a *API) newCannedResponsesOut(ctx context.Context, list []store.CannedResponseRow) ([]cannedResponseOut, error) {
	keys := make([]int64, len(list))
	for i, r := range list {
		keys[i] = r.ID
	}
	kept, err := a.Store.KeptFiles(ctx, store.KeptByCannedResponse, keys)
	out := make([]cannedResponseOut, len(list))
	for i, r := range list {
		out[i] = cannedResponseOut{
			ID: r.ID, AccountID: r.AccountID, ShortCode: r.ShortCode, Content: r.Content, CreatedAt: iso(&r.CreatedAt), UpdatedAt: iso(&r.UpdatedAt),
		}
		for _, f := range kept[r.ID] {
			out[i].Attachments = append(out[i].Attachments, a.newCannedFileOut(f))
		}
	}
	return out, err
}

type listCannedIn struct {
	Search string `query:"search"`
}

func (a *API) listCannedResponses(ctx context.Context, c *route.Call, in listCannedIn) ([]cannedResponseOut, error) {
	list, err := a.Store.CannedResponses(ctx, c.Account.ID)
	if err != nil {
		return nil, err
	}
	if in.Search != "" {
		list = ranked(list, in.Search)
	}
	return a.newCannedResponsesOut(ctx, list)
}

// ranked are those canned responses whose short code or text has the wanted text,
// whatever its case, the best first. It is done here because the two databases do not
// agree on what the small form of a letter is, and an account has few of them.
func ranked(list []store.CannedResponseRow, wanted string) []store.CannedResponseRow {
	wanted = strings.ToLower(wanted)
	var ranks [3][]store.CannedResponseRow
	for _, r := range list {
		code := strings.ToLower(r.ShortCode)
		switch {
		case strings.HasPrefix(code, wanted):
			ranks[0] = append(ranks[0], r)
		case strings.Contains(code, wanted):
			ranks[1] = append(ranks[1], r)
		case strings.Contains(strings.ToLower(r.Content), wanted):
			ranks[2] = append(ranks[2], r)
		}
	}
	return slices.Concat(ranks[:]...)
}

func (a *API) showCannedResponse(ctx context.Context, accountID, id int64) (cannedResponseOut, error) {
	r, err := a.Store.CannedResponse(ctx, accountID, id)
	if err != nil {
		return cannedResponseOut{}, found(err)
	}
	out, err := a.newCannedResponsesOut(ctx, []store.CannedResponseRow{r})
	if err != nil {
		return cannedResponseOut{}, err
	}
	return out[0], nil
}

type cannedResponseIn struct {
	ShortCode route.Opt[string] `json:"short_code"`
	Content   route.Opt[string] `json:"content"`
	// Attachments are all files that it shall have: new ones, or signed ids.
	Attachments route.Opt[[]route.Upload] `json:"attachments"`
}

func (in *cannedResponseIn) sent() bool {
	return in.ShortCode.Sent || in.Content.Sent || in.Attachments.Sent
}

// apply changes r by what was sent.
func (in *cannedResponseIn) apply(r *store.CannedResponseRow) error {
	var errs validate.Errors
	in.Content.Apply(&r.Content)
	errs.Present("content", r.Content)
	errs.MaxLen("content", r.Content, validate.LongText)
	in.ShortCode.Apply(&r.ShortCode)
	errs.Present("short_code", r.ShortCode)
	errs.MaxLen("short_code", r.ShortCode, validate.ShortText)
	return errs.Err()
}

// takeFiles takes in the files that were sent; nil when none were mentioned.
func (a *API) takeFiles(ctx context.Context, accountID int64, in cannedResponseIn) ([]int64, error) {
	if !in.Attachments.Sent {
		return nil, nil
	}
	list, err := a.uploads(ctx, accountID, in.Attachments.V)
	if refused, ok := errors.AsType[*chat.Error](err); ok {
		// The texts of messages begin with another attribute's name.
		text := strings.TrimPrefix(refused.Message, "Validation failed: ")
		return nil, &chat.Error{Code: chat.CodeInvalid, Message: text, Attributes: []string{"attachments"}}
	}
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(list))
	for i, f := range list {
		out[i] = f.ID
	}
	return out, nil
}

type createCannedIn struct {
	CannedResponse cannedResponseIn `json:"canned_response"`
}

func (a *API) createCannedResponse(ctx context.Context, c *route.Call, in createCannedIn) (cannedResponseOut, error) {
	r := desk.CannedResponse{CannedResponseRow: store.CannedResponseRow{AccountID: c.Account.ID}}
	if err := in.CannedResponse.apply(&r.CannedResponseRow); err != nil {
		return cannedResponseOut{}, err
	}
	var err error
	if r.Files, err = a.takeFiles(ctx, c.Account.ID, in.CannedResponse); err != nil {
		return cannedResponseOut{}, err
	}
	id, err := a.Desk.CreateCannedResponse(ctx, r)
	if err != nil {
		return cannedResponseOut{}, err
	}
	return a.showCannedResponse(ctx, c.Account.ID, id)
}

type updateCannedIn struct {
	ID             int64            `path:"id"`
	CannedResponse cannedResponseIn `json:"canned_response"`
}

func (a *API) updateCannedResponse(ctx context.Context, c *route.Call, in updateCannedIn) (cannedResponseOut, error) {
	// Its files are taken in before anything is locked.
	if _, err := a.Store.CannedResponse(ctx, c.Account.ID, in.ID); err != nil {
		return cannedResponseOut{}, found(err)
	}
	if !in.CannedResponse.sent() {
		return cannedResponseOut{}, route.MissingParam("canned_response")
	}
	kept, err := a.takeFiles(ctx, c.Account.ID, in.CannedResponse)
	if err != nil {
		return cannedResponseOut{}, err
	}
	err = a.Desk.ChangeCannedResponse(ctx, c.Account.ID, in.ID, func(r *desk.CannedResponse) error {
		r.Files = kept
		return in.CannedResponse.apply(&r.CannedResponseRow)
	})
	if err != nil {
		return cannedResponseOut{}, found(err)
	}
	return a.showCannedResponse(ctx, c.Account.ID, in.ID)
}

func (a *API) deleteCannedResponse(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteCannedResponse(ctx, c.Account.ID, in.ID))
}
