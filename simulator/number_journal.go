package simulator

import (
	"net/http"
	"net/url"
	"time"
)

// What the program did to the numbers, for a test to read in the end.

// RegisterCalls are all calls of register and deregister for the number, oldest
// first.
func (n *Number) RegisterCalls() []RegisterCall {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	return append([]RegisterCall(nil), n.calls...)
}

// MaxCallsIn72h is the highest number of calls of register and of deregister that
// the number saw in any 72 hours, refused ones included.
func (n *Number) MaxCallsIn72h() (register, deregister int) {
	var in, out []time.Time
	for _, c := range n.RegisterCalls() {
		if c.Deregister {
			out = append(out, c.At)
		} else {
			in = append(in, c.At)
		}
	}
	return crowd(in, registerWindow), crowd(out, registerWindow)
}

// crowd is the highest number of times within any span.
func crowd(times []time.Time, span time.Duration) int {
	best, from := 0, 0
	for i, t := range times {
		for !times[from].After(t.Add(-span)) {
			from++
		}
		best = max(best, i-from+1)
	}
	return best
}

// MaxCallsPerHour is the highest number of management calls that the account saw
// in any rolling hour, refused ones included.
func (w *WABA) MaxCallsPerHour() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.usage.max
}

// Calls counts the management calls to the account so far.
func (w *WABA) Calls() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.usage.total
}

// Throttled counts the calls that were refused because the account's quota was
// used up.
func (w *WABA) Throttled() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.usage.refused
}

// SecretInURL is a call to the Graph API whose address, which ends up in logs,
// held a secret.
type SecretInURL struct {
	At        time.Time
	Method    string
	Path      string // without the query
	Parameter string // name of the parameter
}

// keptSecrets bounds the list; one is a finding already.
const keptSecrets = 1000

// SecretsInURLs lists the first calls with an access token or a PIN in the
// address. What Meta takes in the query only is not among them: input_token of
// debug_token, secret and code of oauth/access_token.
func (s *Simulator) SecretsInURLs() []SecretInURL {
	s.meta.mu.RLock()
	defer s.meta.mu.RUnlock()
	return append([]SecretInURL(nil), s.meta.secrets...)
}

// inspect looks for secrets in the address of a call.
func (m *metaWorld) inspect(r *http.Request, path string, query url.Values, now time.Time) {
	var found []string
	m.mu.RLock()
	full := len(m.secrets) >= keptSecrets
	for name, values := range query {
		for _, v := range values {
			asked := name == "input_token" && path == "debug_token"
			if v != "" && (name == "access_token" || name == "pin") || m.grants[v] != nil && !asked {
				found = append(found, name)
			}
		}
	}
	m.mu.RUnlock()
	if len(found) == 0 || full {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range found {
		m.secrets = append(m.secrets, SecretInURL{At: now, Method: r.Method, Path: r.URL.Path, Parameter: name})
	}
}
