// Package openapitest holds what a server answers against its description.
package openapitest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"tributary/api/route"
)

// Checker knows the description of rows.
type Checker struct {
	rows []route.Row
	doc  *openapi3.T
	seen sync.Map // answers that were checked before, and are right
}

// New reads a description, which has to be valid; rows are those that it describes.
func New(rows []route.Row, description []byte) (*Checker, error) {
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		return nil, fmt.Errorf("openapitest: %w", err)
	}
	return &Checker{rows: rows, doc: doc}, nil
}

// find is the row that takes a request, nil: none.
func (c *Checker) find(method, path string) *route.Row {
	if len(path) > 1 {
		path = strings.TrimRight(path, "/")
	}
	for _, prefix := range []string{"/api", "/auth", "/platform", "/public", "/enterprise"} {
		if strings.HasPrefix(path, prefix) {
			path = strings.TrimSuffix(path, ".json")
		}
	}
	var best *route.Row
	most := -1
	for i := range c.rows {
		for _, m := range c.rows[i].Methods {
			if fixed, ok := c.rows[i].Matches(path); ok && m == method && fixed > most {
				best, most = &c.rows[i], fixed
			}
		}
	}
	return best
}

// Check tells what an answer has that is not described: its status, its type, or what
// is in its body. Answers to requests that are for no route are not looked at.
func (c *Checker) Check(method, path string, status int, header http.Header, body []byte) error {
	row := c.find(method, path)
	if row == nil {
		return nil
	}
	key := fmt.Sprint(method, row.Path, status, header.Get("Content-Type"), string(body))
	if _, known := c.seen.Load(key); known {
		return nil
	}
	item := c.doc.Paths.Value(row.Template())
	if item == nil || item.GetOperation(method) == nil {
		return fmt.Errorf("openapitest: %s %s is not described", method, row.Path)
	}
	op := item.GetOperation(method)
	err := c.check(row, &routers.Route{Spec: c.doc, Path: row.Template(), PathItem: item, Method: method, Operation: op}, status, header, body)
	if err != nil {
		return fmt.Errorf("openapitest: the answer to %s %s is not as described: mend the type of the answer, or say at the row what it answers "+
			"(.Answers(%d, body{}), .Fails(%d), see api/route/openapi.go): %w\n%d %s", method, row.Path, status, status, brief(err), status, body)
	}
	c.seen.Store(key, true)
	return nil
}

func (c *Checker) check(row *route.Row, r *routers.Route, status int, header http.Header, body []byte) error {
	if status == http.StatusRequestHeaderFieldsTooLarge {
		return nil // no route has seen it
	}
	described := r.Operation.Responses.Status(status)
	if described == nil {
		return errors.New("the status is not described")
	}
	if status == http.StatusNotModified {
		return nil
	}
	if len(body) == 0 && (mayBeEmpty(row, status) || described.Value.Content["*/*"] != nil) {
		return nil
	}
	if len(described.Value.Content) == 0 {
		if len(body) > 0 {
			return errors.New("a body that is not described")
		}
		return nil
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: &http.Request{Method: r.Method}, Route: r},
		Status:                 status,
		Header:                 header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	})
}

// mayBeEmpty tells whether the row says of a status that it has no body.
func mayBeEmpty(row *route.Row, status int) bool {
	return slices.ContainsFunc(row.Docs.Answers, func(a route.Answer) bool {
		return a.Status == status && len(a.Types) == 0 && a.Media == ""
	})
}

// brief leaves the schema and the value out of an error.
func brief(err error) error {
	if e, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return fmt.Errorf("at %q: %s", strings.Join(e.JSONPointer(), "/"), e.Reason)
	}
	return err
}

// Transport checks every answer that comes through base, and tells report of those
// that are wrong.
func (c *Checker) Transport(base http.RoundTripper, report func(error)) http.RoundTripper {
	return transport{c, base, report}
}

type transport struct {
	*Checker
	base   http.RoundTripper
	report func(error)
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.base.RoundTrip(req)
	if err != nil || req.Method == http.MethodHead {
		return res, err //nolint:wrapcheck // the client's own error
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
		return res, nil //nolint:nilerr // whoever reads the body gets it
	}
	if err := t.Check(req.Method, req.URL.EscapedPath(), res.StatusCode, res.Header, body); err != nil {
		t.report(err)
	}
	return res, nil
}

// failing is the end of a body that broke off.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }
