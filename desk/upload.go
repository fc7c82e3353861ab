package desk

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"

	"tributary/blob"
	"tributary/chat"
	"tributary/files"
	"tributary/internal/httpx"
)

// uploadTimeout bounds the download of a file whose address somebody typed, who waits
// for it. Requests end after 15 s.
const uploadTimeout = 12 * time.Second

// FetchUpload stores a file that lies at an address of the internet; what is wrong with
// the address or with what it gives is a *chat.Error.
func (d *Desk) FetchUpload(ctx context.Context, accountID int64, address string) (files.File, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return files.File{}, chat.Unprocessable("Invalid URL provided")
	}
	refused := func(why string) error { return chat.Unprocessable("Failed to fetch file from URL: " + why) }
	if d.Guarded == nil {
		return files.File{}, refused("this server calls no addresses")
	}
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return files.File{}, chat.Unprocessable("Invalid URL provided")
	}
	res, err := httpx.Do(d.Guarded, req)
	switch {
	case errors.Is(err, httpx.ErrForbidden):
		return files.File{}, refused("the address is not allowed")
	case err != nil:
		// What exactly is wrong with a host is nothing that a caller should find out by us.
		return files.File{}, refused("no answer")
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return files.File{}, refused("status " + strconv.Itoa(res.StatusCode))
	}
	body := &watched{r: res.Body}
	n := files.NewFile{AccountID: accountID, Filename: path.Base(u.Path), ContentType: res.Header.Get("Content-Type"), Reader: body}
	if res.ContentLength >= 0 {
		n.Size, n.Sized = res.ContentLength, true
	}
	f, err := d.Files.Create(ctx, n)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return f, refused("the file is too large")
	case body.err != nil:
		return f, refused("the answer broke off")
	}
	return f, err
}
