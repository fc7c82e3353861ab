package api

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/files"
)

// storage is the prefix of everything about files; the paths are those of Rails'
// Active Storage, which clients keep in messages for good.
const storage = "/rails/active_storage"

func (a *API) files() []route.Row {
	const name = "/{filename:*}"
	return []route.Row{
		route.Get(storage+"/blobs/redirect/{signed_id}"+name, route.Public, a.redirectToFile),
		route.Get(storage+"/blobs/{signed_id}"+name, route.Public, a.redirectToFile),
		route.Get(storage+"/blobs/proxy/{signed_id}"+name, route.Public, a.proxyFile),
		route.Get(storage+"/representations/redirect/{signed_id}/{variation}"+name, route.Public, a.redirectToThumb),
		route.Get(storage+"/disk/{token}"+name, route.Public, a.fetchFile),
		route.Put(storage+"/disk/{token}", route.Public, a.storeFile).Bytes().Limit(files.DefaultMaxBytes),
		route.Post(storage+"/direct_uploads", route.Public, a.announceFile).Require("blob"),
		route.Post(account+"/conversations/{conversation_id}/direct_uploads", route.Member, a.announceAttachment).Require("blob"),
	}
}

// uploadPath is of requests that may bring files.
var uploadPath = regexp.MustCompile(`/(messages|upload|canned_responses(/\d+)?)(\.json)?/?$`)

// Uploads tells whether a request may bring whole files, which takes a slow client
// longer than other bodies.
func Uploads(method, uri string) bool {
	path, _, _ := strings.Cut(uri, "?")
	return method == http.MethodPut && strings.HasPrefix(path, storage+"/disk/") ||
		method != http.MethodGet && uploadPath.MatchString(path)
}

type fileIn struct {
	SignedID string `path:"signed_id"`
	Filename string `path:"filename"` // for people and for clients that look at it; the id decides
}

// briefly lets browsers keep a redirect for less long than what it leads to lives.
const briefly = "max-age=240, private"

func (a *API) redirectToFile(ctx context.Context, c *route.Call, in fileIn) (route.Redirect, error) {
	url, err := a.Files.Redirect(ctx, in.SignedID)
	c.SetHeader("Cache-Control", briefly)
	return route.Redirect{URL: url}, found(err)
}

type thumbIn struct {
	fileIn
	Variation string `path:"variation"`
}

func (a *API) redirectToThumb(ctx context.Context, c *route.Call, in thumbIn) (route.Redirect, error) {
	url, err := a.Files.RedirectThumb(ctx, in.SignedID, in.Variation)
	c.SetHeader("Cache-Control", briefly)
	return route.Redirect{URL: url}, found(err)
}

func (a *API) proxyFile(ctx context.Context, c *route.Call, in fileIn) (route.Stream, error) {
	f, err := a.Files.Proxy(ctx, in.SignedID)
	return streamOf(c, f), found(err)
}

type diskIn struct {
	Token    string `path:"token"`
	Filename string `path:"filename"`
}

func (a *API) fetchFile(_ context.Context, c *route.Call, in diskIn) (route.Stream, error) {
	f, err := a.Files.Fetch(in.Token)
	return streamOf(c, f), found(err)
}

// streamOf sends a file. Browsers do not guess another type than ours
// (X-Content-Type-Options is on every answer), and what they may not show runs
// nothing even when they do.
func streamOf(c *route.Call, f files.Served) route.Stream {
	c.SetHeader("Content-Disposition", f.ContentDisposition)
	c.SetHeader("Cache-Control", "max-age=3600, private")
	if !f.Inline {
		c.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
	}
	return route.Stream{ContentType: f.ContentType, ETag: f.ETag, Open: f.Open}
}

type storeFileIn struct {
	Token string `path:"token"`
	Body  route.Body
}

func (a *API) storeFile(ctx context.Context, _ *route.Call, in storeFileIn) (route.NoContent, error) {
	return route.NoContent{}, found(a.Files.Receive(ctx, in.Token, in.Body))
}

// announced is a file that a client is going to store by itself.
type announced struct {
	Filename    string          `json:"filename"`
	ByteSize    int64           `json:"byte_size"`
	Checksum    string          `json:"checksum"` // MD5, base64
	ContentType string          `json:"content_type"`
	Metadata    json.RawMessage `json:"metadata"`
}

type announceIn struct {
	Blob announced `json:"blob"`
}

type directUploadOut struct {
	ID           int64           `json:"id"`
	Key          string          `json:"key"`
	Filename     string          `json:"filename"`
	ContentType  string          `json:"content_type"`
	Metadata     json.RawMessage `json:"metadata"`
	ServiceName  string          `json:"service_name"`
	ByteSize     int64           `json:"byte_size"`
	Checksum     string          `json:"checksum"`
	CreatedAt    route.ISO       `json:"created_at"`
	SignedID     string          `json:"signed_id"`
	AttachableID string          `json:"attachable_sgid"`
	DirectUpload struct {
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
	} `json:"direct_upload"`
}

func (a *API) announceFile(ctx context.Context, _ *route.Call, in announceIn) (directUploadOut, error) {
	return a.announce(ctx, 0, in.Blob)
}

type announceAttachmentIn struct {
	ConversationID int64 `path:"conversation_id"` // display id
	announceIn
}

func (a *API) announceAttachment(ctx context.Context, c *route.Call, in announceAttachmentIn) (directUploadOut, error) {
	if _, err := a.conversationOf(ctx, c, in.ConversationID); err != nil {
		return directUploadOut{}, err
	}
	return a.announce(ctx, c.Account.ID, in.Blob)
}

func (a *API) announce(ctx context.Context, accountID int64, in announced) (directUploadOut, error) {
	var out directUploadOut
	const longest = 8 << 10
	var metadata map[string]json.RawMessage
	if len(in.Metadata) > 0 {
		if err := json.Unmarshal(in.Metadata, &metadata); err != nil || len(in.Metadata) > longest {
			return out, chat.Unprocessable("metadata is not a small JSON object")
		}
	}
	if metadata == nil {
		in.Metadata = nil
	}
	d, err := a.Files.Announce(ctx, files.Announcement{
		AccountID: accountID, Filename: in.Filename, ContentType: in.ContentType, Size: in.ByteSize, MD5: in.Checksum,
		Metadata: string(in.Metadata),
	})
	if err != nil {
		return out, err
	}
	at := d.CreatedAt.UnixMicro()
	out = directUploadOut{
		ID: d.ID, Key: d.Key, Filename: d.Filename, ContentType: d.ContentType, Metadata: object(d.Metadata), ServiceName: d.ServiceName,
		ByteSize: d.Size, Checksum: d.Checksum, CreatedAt: iso(&at), SignedID: d.SignedID, AttachableID: d.SignedID,
	}
	out.DirectUpload.URL, out.DirectUpload.Headers = d.Target.URL, map[string]string{}
	for name, values := range d.Target.Header {
		out.DirectUpload.Headers[name] = values[0]
	}
	return out, nil
}
