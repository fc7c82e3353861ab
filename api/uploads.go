package api

import (
	"context"
	"errors"
	"fmt"

	"tributary/api/route"
	"tributary/blob"
	"tributary/chat"
	"tributary/desk"
	"tributary/files"
	"tributary/store"
)

// uploads takes in the files of a message about to be written: those that come with
// the request are stored, of those that the client stored before the signed ids are
// read. What the message does not use in the end goes after a day.
func (a *API) uploads(ctx context.Context, accountID int64, list []route.Upload) ([]files.File, error) {
	var given []route.Upload
	for _, u := range list {
		if u.Given() {
			given = append(given, u)
		}
	}
	if err := desk.CheckAttachments(len(given)); err != nil {
		return nil, err
	}
	out := make([]files.File, 0, len(given))
	for _, u := range given {
		f, err := a.upload(ctx, accountID, u)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (a *API) upload(ctx context.Context, accountID int64, u route.Upload) (files.File, error) {
	if u.File == nil {
		f, err := a.Files.Attachable(ctx, u.SignedID)
		if errors.Is(err, store.ErrNotFound) {
			err = chat.Unprocessable("Validation failed: Attachments signed id is invalid")
		}
		return f, err
	}
	r, err := u.File.Open()
	if err != nil {
		return files.File{}, fmt.Errorf("api: uploaded file: %w", err)
	}
	defer func() { _ = r.Close() }()
	f, err := a.Files.Create(ctx, files.NewFile{
		AccountID: accountID, Filename: u.File.Filename, ContentType: u.File.ContentType, Reader: r, Size: u.File.Size, Sized: true,
	})
	if errors.Is(err, blob.ErrTooLarge) {
		err = chat.Unprocessable("Validation failed: Attachments size is too big")
	}
	return f, err
}
