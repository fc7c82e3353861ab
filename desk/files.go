package desk

import (
	"context"
	"io"
	"path"
	"strings"

	"tributary/chat"
	"tributary/store"
)

// FileURLs are where clients fetch an attachment and its small form: our copy, once
// there is one, else the provider's, which may end. Only pictures have a small
// form.
func (d *Desk) FileURLs(a store.AttachmentView) (data, thumb string) {
	isImage := chat.FileTypes[a.FileType] == "image"
	if a.BlobID != 0 {
		name := "file"
		if a.FileName != nil && *a.FileName != "" {
			name = *a.FileName
		}
		data = d.Files.URL(a.BlobID, name)
		if isImage {
			thumb = d.Files.ThumbURL(a.BlobID, name)
		}
		return data, thumb
	}
	if a.ExternalURL == nil {
		return "", ""
	}
	if isImage {
		thumb = *a.ExternalURL
	}
	return *a.ExternalURL, thumb
}

// AvatarURL is where clients fetch a contact's picture; empty when it has none.
func (d *Desk) AvatarURL(c store.ContactView) string {
	if c.AvatarBlobID != 0 {
		return d.Files.ThumbURL(c.AvatarBlobID, "avatar")
	}
	return c.AvatarURL
}

// Extension is the end of a file's name without its point, nil when it has none.
func Extension(name *string) *string {
	if name == nil {
		return nil
	}
	ext := strings.TrimPrefix(path.Ext(*name), ".")
	if ext == "" {
		return nil
	}
	return &ext
}

// attach adds the files of a message that goes out: at addresses that the provider
// can fetch, and readable here.
func (d *Desk) attach(ctx context.Context, out *chat.Outbound) error {
	list, err := d.Store.MessageAttachments(ctx, out.MessageID)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.BlobID == 0 {
			continue // a place, a card, a link: nothing to send
		}
		one := chat.OutAttachment{ID: a.ID, Kind: "file", Filename: "file", Size: a.FileSize}
		switch kind := chat.FileTypes[a.FileType]; kind {
		case "image", "audio", "video":
			one.Kind = kind
		}
		if a.FileName != nil && *a.FileName != "" {
			one.Filename = *a.FileName
		}
		if a.ContentType != nil {
			one.MIME = *a.ContentType
		}
		one.URL = d.Files.ProviderURL(a.BlobID, one.Filename)
		one.Open = func(ctx context.Context) (io.ReadCloser, error) {
			r, _, err := d.Files.Open(ctx, a.BlobID)
			return r, err
		}
		out.Attachments = append(out.Attachments, one)
	}
	return nil
}
