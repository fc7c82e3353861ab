package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tributary/api/route"
	"tributary/blob"
	"tributary/chat"
	"tributary/desk"
	"tributary/files"
	"tributary/store"
	"tributary/wording"
)

func (a *API) contactFiles() []route.Row {
	const contacts = account + "/contacts"
	return []route.Row{
		route.Get(contacts+"/imports", route.Admin, a.listContactImports).Doc("How imports of contacts are going, the newest first."),
		route.Post(contacts+"/import", route.Admin, a.importContacts).Limit(maxImport + 1<<20),
		route.Post(contacts+"/export", route.Admin, a.exportContacts),
	}
}

const (
	// maxImport is the longest file of contacts, in bytes.
	maxImport = files.DefaultMaxBytes
	// importsShown is how many imports are listed.
	importsShown = 50
)

// importStates are in the order of the stored numbers.
var importStates = []string{"pending", "processing", "completed", "failed"}

// contactImportOut is how an import is going.
type contactImportOut struct {
	ID               int64      `json:"id"`
	Status           string     `json:"status"`
	TotalRecords     int64      `json:"total_records"`
	ProcessedRecords int64      `json:"processed_records"`
	FailedRecords    int64      `json:"failed_records"`
	FailedRecordsURL string     `json:"failed_records_url"` // empty: there are none
	FileName         string     `json:"file_name"`
	UserID           *int64     `json:"user_id"`
	CreatedAt        route.Unix `json:"created_at"`
	UpdatedAt        route.Unix `json:"updated_at"`
	FinishedAt       route.Unix `json:"finished_at"`
}

func (a *API) listContactImports(ctx context.Context, c *route.Call, _ none) (payload[[]contactImportOut], error) {
	list, err := a.Store.ContactImports(ctx, c.Account.ID, importsShown)
	if err != nil {
		return payload[[]contactImportOut]{}, err
	}
	var ids []int64
	for _, i := range list {
		ids = append(ids, i.BlobID, i.FailedBlobID)
	}
	blobs, err := a.Store.Blobs(ctx, unique(ids))
	out := make([]contactImportOut, len(list))
	for n, i := range list {
		out[n] = contactImportOut{
			ID: i.ID, Status: nameAt(importStates, i.Status), TotalRecords: i.Total, ProcessedRecords: i.Processed, FailedRecords: i.Failed,
			FileName: blobs[i.BlobID].Filename, CreatedAt: unix(&i.CreatedAt), UpdatedAt: unix(&i.UpdatedAt), FinishedAt: unix(i.FinishedAt),
		}
		if i.UserID != 0 {
			out[n].UserID = &i.UserID
		}
		if report, there := blobs[i.FailedBlobID]; there {
			out[n].FailedRecordsURL = a.Files.URL(report.ID, report.Filename)
		}
	}
	return payload[[]contactImportOut]{out}, err
}

type importContactsIn struct {
	File route.Upload `json:"import_file"`
}

func (a *API) importContacts(ctx context.Context, c *route.Call, in importContactsIn) (route.Empty, error) {
	id, err := a.importFile(ctx, c.Account.ID, in.File)
	if err != nil {
		return route.Empty{}, err
	}
	err = a.Desk.ImportContacts(ctx, actor(c), c.Account.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		err = chat.Unprocessable("File is blank") // another account's, or gone meanwhile
	}
	return route.Empty{}, err
}

// importFile takes the file in.
func (a *API) importFile(ctx context.Context, accountID int64, u route.Upload) (int64, error) {
	if !u.Given() {
		return 0, chat.Unprocessable("File is blank")
	}
	if u.File == nil {
		f, err := a.Files.Attachable(ctx, u.SignedID)
		if errors.Is(err, store.ErrNotFound) || err == nil && f.ExpiresAt.IsZero() {
			return 0, chat.Unprocessable("File is blank") // none of ours, or something else's
		}
		return f.ID, err
	}
	r, err := u.File.Open()
	if err != nil {
		return 0, fmt.Errorf("api: uploaded file: %w", err)
	}
	defer func() { _ = r.Close() }()
	f, err := a.Files.Create(ctx, files.NewFile{
		AccountID: accountID, Filename: u.File.Filename, ContentType: u.File.ContentType, Reader: r, Size: u.File.Size, Sized: true, MaxBytes: maxImport,
	})
	if errors.Is(err, blob.ErrTooLarge) {
		err = chat.Unprocessable("File is too big")
	}
	return f.ID, err
}

type exportContactsIn struct {
	Columns route.Many      `json:"column_names"`
	Payload json.RawMessage `json:"payload"`
	Label   string          `json:"label"`
}

func (a *API) exportContacts(ctx context.Context, c *route.Call, in exportContactsIn) (route.Empty, error) {
	err := a.Desk.ExportContacts(ctx, desk.ContactExport{
		AccountID: c.Account.ID, UserID: c.User.ID, Columns: in.Columns, Payload: in.Payload, Label: in.Label,
	})
	if err == nil {
		c.SetHeader("Message", wording.Match(c.Locale).Say(wording.ContactsExportOrdered.Text()))
	}
	return route.Empty{}, err
}
