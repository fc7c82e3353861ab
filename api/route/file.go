package route

import (
	"errors"
	"mime"
	"mime/multipart"
	"path"
	"strings"
)

// File is an uploaded file. It can be opened while the handler runs, not later.
type File struct {
	Filename    string // base name, without directories
	ContentType string // as the client declares it; octet-stream when it does not
	Size        int64  // bytes

	header *multipart.FileHeader
}

func newFile(h *multipart.FileHeader) *File {
	f := &File{
		Filename:    path.Base(strings.ReplaceAll(strings.Clone(h.Filename), `\`, "/")),
		ContentType: "application/octet-stream",
		Size:        h.Size,
		header:      h,
	}
	if mediaType, _, err := mime.ParseMediaType(strings.Clone(h.Header.Get("Content-Type"))); err == nil {
		f.ContentType = mediaType
	}
	return f
}

// Open reads the file from its beginning.
func (f *File) Open() (multipart.File, error) { return f.header.Open() }

// Upload is a file that came either in the form or, before, by direct upload:
// then its signed id comes in its place.
type Upload struct {
	File     *File
	SignedID string
}

// SetParam implements Param.
func (u *Upload) SetParam(v any) error {
	switch v := v.(type) {
	case *File:
		u.File = v
	case string:
		u.SignedID = v
	case nil:
	default:
		return errors.New("is invalid")
	}
	return nil
}

// Given tells whether there is a file at all.
func (u Upload) Given() bool { return u.File != nil || u.SignedID != "" }

// Body is the body of a request, byte for byte: for routes that check a
// signature over it. A field of this type needs no tag.
type Body []byte
