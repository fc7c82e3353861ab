package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"tributary/api/route"
	"tributary/blob"
	"tributary/chat"
	"tributary/files"
	"tributary/store"
)

// keptUploads take files in that are used by what is written later: macros, rules,
// articles.
func (a *API) keptUploads() []route.Row {
	return []route.Row{route.Post(account+"/upload", route.Member, a.keepUpload).Limit(maxKept)}
}

type keepUploadIn struct {
	Attachment  route.Upload `json:"attachment"`
	ExternalURL string       `json:"external_url"`
}

// keptUploadOut names a file that was taken in.
type keptUploadOut struct {
	FileURL string `json:"file_url"`
	BlobKey string `json:"blob_key"`
	BlobID  int64  `json:"blob_id"`
}

func (a *API) keepUpload(ctx context.Context, c *route.Call, in keepUploadIn) (keptUploadOut, error) {
	f, err := a.takeUpload(ctx, c.Account.ID, in)
	if err == nil {
		err = a.Desk.KeepUpload(ctx, c.Account.ID, f.ID)
	}
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return keptUploadOut{}, &chat.Error{Code: chat.CodeTooLarge}
	case errors.Is(err, store.ErrNotFound): // a signed id that is another account's
		return keptUploadOut{}, chat.Unprocessable(noUpload)
	case err == nil:
		return keptUploadOut{FileURL: a.Files.URL(f.ID, f.Filename), BlobKey: f.Key, BlobID: f.ID}, nil
	}
	if refused := (*chat.Error)(nil); errors.As(err, &refused) {
		return keptUploadOut{}, err
	}
	return keptUploadOut{}, &route.Problem{Status: http.StatusInternalServerError, Body: uploadFailed{"An unexpected error occurred"}, Err: err}
}

type uploadFailed struct {
	Error string `json:"error"`
}

const noUpload = "No file or URL provided"

func (a *API) takeUpload(ctx context.Context, accountID int64, in keepUploadIn) (files.File, error) {
	switch {
	case in.Attachment.File != nil:
		r, err := in.Attachment.File.Open()
		if err != nil {
			return files.File{}, fmt.Errorf("api: uploaded file: %w", err)
		}
		defer func() { _ = r.Close() }()
		return a.Files.Create(ctx, files.NewFile{
			AccountID: accountID, Filename: in.Attachment.File.Filename, ContentType: in.Attachment.File.ContentType, Reader: r,
			Size: in.Attachment.File.Size, Sized: true,
		})
	case in.Attachment.SignedID != "":
		return a.Files.Attachable(ctx, in.Attachment.SignedID)
	case in.ExternalURL != "":
		return a.Desk.FetchUpload(ctx, accountID, in.ExternalURL)
	}
	return files.File{}, chat.Unprocessable(noUpload)
}
