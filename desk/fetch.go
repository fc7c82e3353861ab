package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"tributary/blob"
	"tributary/channels"
	"tributary/chat"
	"tributary/files"
	"tributary/internal/httpx"
	"tributary/store"
)

// Limits of a download (contract 09 §2.6).
const (
	// FetchTimeout is how long one may take altogether: asking the provider,
	// redirects and all bytes.
	FetchTimeout = 60 * time.Second
	// fetchMargin is how much longer its job may take: for what is written before and
	// after the download.
	fetchMargin = 30 * time.Second
	// fetchTries is how often a download is begun that fails for reasons that pass,
	// preparingTries how often where the provider says that it still prepares the
	// file: it does so for minutes with a long video.
	fetchTries     = 4
	preparingTries = 8
	// fetchesPerInbox keeps a provider that hangs from holding everybody's downloads.
	fetchesPerInbox = 8
)

// Fetcher downloads what contacts send and what they look like.
type Fetcher struct {
	desk    *Desk
	env     *channels.Env
	guarded *http.Client // follows no redirects: the fetcher does, and judges them
	limit   time.Duration

	mu   sync.Mutex
	busy map[int64]int // downloads under way by inbox
}

// NewFetcher makes the handlers of JobMedia, JobAvatar and JobBotAvatar. Addresses from outside
// are called with env.Guarded, what a driver builds with env.HTTP. limit is how long
// a download may take altogether; 0: FetchTimeout.
func NewFetcher(d *Desk, env *channels.Env, limit time.Duration) *Fetcher {
	if limit == 0 {
		limit = FetchTimeout
	}
	guarded := *env.Guarded
	guarded.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Fetcher{desk: d, env: env, guarded: &guarded, limit: limit, busy: map[int64]int{}}
}

// JobTimeout is how long one of its jobs may take.
func (f *Fetcher) JobTimeout() time.Duration { return f.limit + fetchMargin }

// Handlers are the jobs of the fetcher; they belong to store.LaneMedia.
func (f *Fetcher) Handlers() map[string]Handler {
	return map[string]Handler{store.JobMedia: f.media, JobAvatar: f.avatar, JobBotAvatar: f.botAvatar}
}

// enter takes one of the inbox's places; when there is none the job comes later.
func (f *Fetcher) enter(inboxID int64) (leave func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy[inboxID] >= fetchesPerInbox {
		// Not all at the same moment again.
		return nil, Later{f.desk.Now().Add(time.Second + rand.N(2*time.Second))}
	}
	f.busy[inboxID]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.busy[inboxID]--; f.busy[inboxID] == 0 {
			delete(f.busy, inboxID)
		}
	}, nil
}

// wanted is a file to be downloaded.
type wanted struct {
	chat.Fetch
	accountID int64
	inboxID   int64
	filename  string // as the provider says
	kind      string // names it when nobody does
	media     bool   // the channel has no documents and no cards, only media
	maxBytes  int64
}

// fetchError is a download that failed.
type fetchError struct {
	class     chat.ErrorClass
	wait      time.Duration // throttled: as the provider says
	forbidden bool          // it leads where no address from outside may lead
	preparing bool          // the provider has it, but not yet
	err       error
}

// Error implements error.
func (e *fetchError) Error() string { return "desk: download: " + e.err.Error() }

// Unwrap gives the cause.
func (e *fetchError) Unwrap() error { return e.err }

// tries is how often a download that failed so is begun at all.
func (e *fetchError) tries() int {
	switch {
	case e.preparing:
		return preparingTries
	case e.class == chat.Retryable, e.class == chat.Throttled, e.class == chat.Reauthorize:
		return fetchTries
	}
	return 1
}

// errPutOff says that there is nothing to download now: the job was ordered for
// later, or the inbox is gone.
var errPutOff = errors.New("desk: put off")

// fetched is a file that was stored.
type fetched struct {
	files.File
	charset string // as its source says; empty: it does not
}

// download stores a file. What is wrong with the source is a *fetchError, other
// errors are our own trouble.
func (f *Fetcher) download(ctx context.Context, j store.Job, w wanted) (fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	req, authenticated, err := f.request(ctx, j, w)
	if err != nil {
		return fetched{}, err
	}
	res, err := f.get(ctx, req, authenticated)
	if err != nil {
		return fetched{}, err
	}
	defer func() { _ = res.Body.Close() }()
	if err := judge(res, authenticated, f.desk.Now()); err != nil {
		return fetched{}, err
	}
	body := &watched{r: res.Body}
	n := files.NewFile{
		AccountID: w.accountID, Filename: name(w, res), ContentType: res.Header.Get("Content-Type"), Reader: body, MaxBytes: w.maxBytes,
	}
	if res.ContentLength >= 0 {
		n.Size, n.Sized = res.ContentLength, true
	}
	file, err := f.desk.Files.Create(ctx, n)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return fetched{}, &fetchError{class: chat.Permanent, err: err}
	case body.err != nil:
		return fetched{}, &fetchError{class: chat.Retryable, err: httpx.Redact(body.err)}
	}
	return fetched{file, charset(n.ContentType)}, err
}

// charset is the parameter of that name of a content type.
func charset(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

// watched remembers how the source ended.
type watched struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// request builds what gives the bytes: by the driver where the provider wants
// credentials or has to be asked, which waits for a channel that has to be
// authorised again; else the address itself.
func (f *Fetcher) request(ctx context.Context, j store.Job, w wanted) (req *http.Request, authenticated bool, err error) {
	if w.Strategy == "url" && w.Auth == "" {
		req, err = http.NewRequestWithContext(ctx, http.MethodGet, w.Ref, nil)
		if err != nil {
			return nil, false, &fetchError{class: chat.Permanent, err: errors.New("the address is invalid")}
		}
		return req, false, nil
	}
	driver, ch, ok, err := f.desk.authorized(ctx, j, w.inboxID)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		return nil, false, errPutOff
	}
	fetcher, ok := driver.(channels.MediaFetcher)
	if !ok {
		return nil, false, &fetchError{class: chat.Permanent, err: fmt.Errorf("%s cannot fetch files", driver.Info().Title)}
	}
	req, err = fetcher.MediaRequest(ctx, ch, &w.Fetch)
	if err != nil {
		refused := channels.AsSendError(err)
		return nil, true, &fetchError{class: refused.Class, wait: refused.RetryAfter, err: refused}
	}
	return req, len(req.Header) > 0, nil
}

// get sends req and follows redirects. What a driver gave credentials and what lies
// at an address that the operator configured is called like a provider; every other
// hop goes through the guard. Headers that may hold a credential stay with the origin
// that they were made for.
func (f *Fetcher) get(ctx context.Context, req *http.Request, trusted bool) (*http.Response, error) {
	for hop := 0; ; hop++ {
		client := f.guarded
		if trusted || f.env.Replaced(req.URL) {
			client = f.env.HTTP
		}
		res, err := httpx.Do(client, req)
		if err != nil {
			forbidden := errors.Is(err, httpx.ErrForbidden)
			class := chat.Retryable
			if forbidden {
				class = chat.Permanent
			}
			return nil, &fetchError{class: class, forbidden: forbidden, err: err}
		}
		if !redirects(res.StatusCode) {
			return res, nil
		}
		_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // so that the connection can be used again
		_ = res.Body.Close()
		to, err := res.Location()
		if err != nil {
			return nil, &fetchError{class: chat.Permanent, err: errors.New("redirect to an invalid address")}
		}
		if hop == httpx.MaxRedirects {
			return nil, &fetchError{class: chat.Permanent, err: httpx.ErrRedirects}
		}
		next, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
		if err != nil {
			return nil, &fetchError{class: chat.Permanent, err: errors.New("redirect to an invalid address")}
		}
		if trusted = trusted && sameOrigin(req.URL, to); trusted {
			next.Header = req.Header.Clone()
		}
		req = next
	}
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// judge says what an answer is worth, nil when the file is in it.
func judge(res *http.Response, authenticated bool, now time.Time) error {
	if res.StatusCode == http.StatusOK {
		return nil
	}
	e := &fetchError{class: channels.ByStatus(res.StatusCode), err: fmt.Errorf("HTTP status %d", res.StatusCode)}
	switch {
	case res.StatusCode == http.StatusAccepted:
		e.class, e.preparing = chat.Retryable, true // LINE, "Get content": being prepared
	case e.class == chat.Reauthorize && !authenticated:
		e.class = chat.Permanent // nobody's token was refused
	case e.class == chat.Throttled:
		e.wait = (&channels.Answer{Header: res.Header}).RetryAfter(now)
	}
	return e
}

// name is what a file is called: by the sender, by who has it, or by its address.
func name(w wanted, res *http.Response) string {
	if w.filename != "" {
		return w.filename
	}
	if w.Strategy == "line_content_id" {
		return "media-" + w.Ref // contract 09 §7.3
	}
	if _, params, err := mime.ParseMediaType(res.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	if res.Request != nil {
		if base := lastSegment(res.Request.URL); base != "" {
			return base
		}
	}
	return w.kind
}

// lastSegment is the end of an address's path where it looks like the name of a
// file.
func lastSegment(u *url.URL) string {
	base := path.Base(u.Path)
	if ext := path.Ext(base); len(ext) < 2 || len(ext) == len(base) {
		return ""
	}
	return base
}

// failed decides what becomes of a job whose download failed: nil when no further
// attempt can help, and the caller gives the file up.
func (f *Fetcher) failed(ctx context.Context, j store.Job, inboxID int64, e *fetchError) error {
	switch e.class {
	case chat.Config:
		return f.desk.waitForAuthorization(ctx, j)
	case chat.Reauthorize:
		driver, ch, ok := f.desk.Directory.Inbox(inboxID)
		if !ok {
			return nil
		}
		err := f.desk.lookupFailed(ctx, j, driver, ch, &channels.SendError{Class: chat.Reauthorize, Text: e.err.Error(), Err: e})
		if _, now, ok := f.desk.Directory.Inbox(inboxID); ok && now.ReauthorizationRequired {
			return f.desk.waitForAuthorization(ctx, j)
		}
		if _, counted := errors.AsType[*channels.SendError](err); !counted {
			return err
		}
	}
	if j.Attempts+1 >= e.tries() {
		return nil
	}
	if e.class == chat.Throttled && e.wait > 0 {
		return After{Err: e, Wait: e.wait}
	}
	return e
}

// waitForAuthorization puts a job off until its channel has credentials that are
// good.
func (d *Desk) waitForAuthorization(ctx context.Context, j store.Job) error {
	if err := d.putOff(ctx, j, authorizationWait); err != nil {
		return err
	}
	return errPutOff
}

// resumeFetches makes the downloads run that wait for the authorisation of an
// inbox.
func resumeFetches(ctx context.Context, tx *store.Tx, inboxID int64) error {
	return tx.HastenJobs(ctx, store.LaneMedia, store.JobMedia, lookupPrefix(store.JobMedia, inboxID))
}
