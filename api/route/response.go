package route

import (
	"net/http"
)

const jsonType = "application/json; charset=utf-8"

// response is an answer ready to be written.
type response struct {
	status      int
	contentType string
	body        []byte
	location    string
	stream      *opened // instead of body
}

// responder is an output that is not simply JSON with status 200.
type responder interface {
	response() (response, error)
}

// Empty answers 200 with an empty body.
type Empty struct{}

func (Empty) response() (response, error) { return response{status: http.StatusOK}, nil }

// NoContent answers 204.
type NoContent struct{}

func (NoContent) response() (response, error) { return response{status: http.StatusNoContent}, nil }

// Content is an answer that is not JSON, see Raw.
type Content struct {
	body        []byte
	contentType string
	status      int // 200 when zero
}

// Raw answers 200 with body as it is.
func Raw(body []byte, contentType string) Content {
	return Content{body: body, contentType: contentType}
}

// HTML answers a page for people, with a status of its own.
func HTML(status int, page []byte) Content {
	return Content{body: page, contentType: "text/html; charset=utf-8", status: status}
}

func (c Content) response() (response, error) {
	status := c.status
	if status == 0 {
		status = http.StatusOK
	}
	return response{status: status, contentType: c.contentType, body: c.body}, nil
}

// Reply is JSON with a status of its own, see Status.
type Reply[T any] struct {
	code int
	body T
}

// Status answers code with body as JSON.
func Status[T any](code int, body T) Reply[T] { return Reply[T]{code, body} }

func (r Reply[T]) response() (response, error) {
	body, err := encode(r.body)
	return response{status: r.code, contentType: jsonType, body: body}, err
}

// Redirect sends the client to URL.
type Redirect struct {
	Code int // 302 when zero
	URL  string
}

func (r Redirect) response() (response, error) {
	code := r.Code
	if code == 0 {
		code = http.StatusFound
	}
	return response{status: code, location: r.URL}, nil
}

// responseOf encodes what a handler returned.
func responseOf(out any) (response, error) {
	if r, ok := out.(responder); ok {
		return r.response()
	}
	body, err := encode(out)
	return response{status: http.StatusOK, contentType: jsonType, body: body}, err
}
