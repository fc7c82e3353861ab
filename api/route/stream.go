package route

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// Stream is an answer whose bytes are read while they are sent: memory does not
// depend on their number. It answers Range and If-Range requests for one range
// (RFC 9110 §14); to several at once it answers with the whole.
type Stream struct {
	ContentType string
	// ETag changes when the bytes do; without quotes. Empty: none.
	ETag string
	// Open gives the bytes and their number. ctx lives until they are sent or the
	// client is gone, longer than the request's own. Its errors are answered like
	// the handler's.
	Open func(ctx context.Context) (io.ReadSeekCloser, int64, error)
}

// sendPatience is how long a client may take to accept some more bytes.
const sendPatience = time.Minute

// opened is a Stream that is ready to be sent.
type opened struct {
	status       int // 200, 206, 304 or 416
	etag         string
	contentRange string
	length       int64
	body         io.ReadCloser // nil: none
}

// open decides what of the stream is sent and opens it.
func (s Stream) open(base context.Context, ctx *fasthttp.RequestCtx) (_ *opened, err error) {
	o := &opened{status: http.StatusOK}
	if s.ETag != "" {
		o.etag = `"` + s.ETag + `"`
		if matches(string(ctx.Request.Header.Peek("If-None-Match")), o.etag) {
			o.status = http.StatusNotModified
			return o, nil
		}
	}
	life, end := context.WithCancel(base)
	source, size, err := s.Open(life)
	if err != nil {
		end()
		return nil, err
	}
	body := &sending{ReadSeekCloser: source, end: end, ctx: ctx}
	defer func() {
		if o.body == nil {
			err = errors.Join(err, body.Close())
		}
	}()
	from, to := int64(0), size-1
	if wanted := string(ctx.Request.Header.Peek("Range")); wanted != "" && o.current(string(ctx.Request.Header.Peek("If-Range"))) {
		first, last, verdict := byteRange(wanted, size)
		switch verdict {
		case rangeOutside:
			o.status, o.contentRange = http.StatusRequestedRangeNotSatisfiable, "bytes */"+strconv.FormatInt(size, 10)
			return o, nil
		case rangeInside:
			from, to = first, last
			o.status = http.StatusPartialContent
			o.contentRange = fmt.Sprintf("bytes %d-%d/%d", from, to, size)
		}
	}
	if from > 0 {
		if _, err := source.Seek(from, io.SeekStart); err != nil {
			return nil, fmt.Errorf("route: seek: %w", err)
		}
	}
	body.left = to - from + 1
	o.length, o.body = body.left, body
	return o, nil
}

// current tells whether a range may be answered: If-Range is empty or names what
// would be sent.
func (o *opened) current(ifRange string) bool {
	return ifRange == "" || o.etag != "" && ifRange == o.etag
}

type rangeVerdict int

const (
	rangeIgnored rangeVerdict = iota // not understood, or of several parts
	rangeInside
	rangeOutside
)

// byteRange reads a Range header for size bytes.
func byteRange(header string, size int64) (first, last int64, v rangeVerdict) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	from, to, ok2 := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !ok2 || strings.Contains(spec, ",") {
		return 0, 0, rangeIgnored
	}
	if from == "" { // the last bytes
		n, err := strconv.ParseUint(to, 10, 63)
		switch {
		case err != nil:
			return 0, 0, rangeIgnored
		case n == 0 || size == 0:
			return 0, 0, rangeOutside
		}
		return max(0, size-int64(n)), size - 1, rangeInside //nolint:gosec // parsed as 63 bits
	}
	start, err := strconv.ParseUint(from, 10, 63)
	if err != nil {
		return 0, 0, rangeIgnored
	}
	first, last = int64(start), size-1 //nolint:gosec // parsed as 63 bits
	if to != "" {
		end, err := strconv.ParseUint(to, 10, 63)
		if err != nil || end < start {
			return 0, 0, rangeIgnored
		}
		last = min(last, int64(end)) //nolint:gosec // parsed as 63 bits
	}
	if first >= size {
		return 0, 0, rangeOutside
	}
	return first, last, rangeInside
}

// write puts the answer on the wire; the body follows while the server sends it.
func (o *opened) write(ctx *fasthttp.RequestCtx, contentType string) {
	h := &ctx.Response.Header
	ctx.Response.SetStatusCode(o.status)
	h.Set("Accept-Ranges", "bytes")
	if o.etag != "" {
		h.Set("ETag", o.etag)
	}
	if o.contentRange != "" {
		h.Set("Content-Range", o.contentRange)
	}
	if o.body == nil {
		h.SetNoDefaultContentType(true)
		return
	}
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	h.SetContentType(contentType)
	ctx.Response.SetBodyStream(o.body, int(o.length))
}

// sending is a body under way. As long as the client takes bytes it may go on.
type sending struct {
	io.ReadSeekCloser
	left int64 // bytes
	end  context.CancelFunc
	ctx  *fasthttp.RequestCtx // ours until the body is closed
}

// Read implements io.Reader.
func (s *sending) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, io.EOF
	}
	// A connection without deadlines has nothing to prolong.
	_ = s.ctx.SetWriteDeadline(time.Now().Add(sendPatience))
	n, err := s.ReadSeekCloser.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	return n, err
}

// Close implements io.Closer.
func (s *sending) Close() error {
	defer s.end()
	return s.ReadSeekCloser.Close()
}
