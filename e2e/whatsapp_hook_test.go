package e2e_test

import (
	"io"
	"net/http"
	"strings"

	"tributary/channels"
)

// hook delivers a payload of Meta's as it is signed, waits until all that follows
// from it is done, and gives what it was answered.
func (s *stage) hook(file string) (int, string) {
	s.t.Helper()
	p := payloadFile(s.t, file)
	status, answer := s.deliverBody(p.Request.Path, p.sent(s.t), p.Request.Headers)
	s.quiet()
	return status, answer
}

// signed delivers a body of Meta's with the installation's signature.
func (s *stage) signed(path string, body []byte, secret string) (int, string) {
	s.t.Helper()
	return s.deliverBody(path, body, map[string]string{
		"Content-Type": "application/json", "X-Hub-Signature-256": "sha256=" + channels.HexSHA256(secret, body),
	})
}

func (s *stage) deliverBody(path string, body []byte, headers map[string]string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+path, strings.NewReader(string(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}
