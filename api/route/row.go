package route

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

// Auth is how the caller of a route proves who they are.
type Auth string

// Kinds of authentication.
const (
	AuthNone       Auth = "public"
	AuthUser       Auth = "user"        // a user, no account involved
	AuthAccount    Auth = "account"     // a member (or bot) of the account {account_id}
	AuthOwnAccount Auth = "own_account" // one of the caller's own accounts {id}, suspended or not
	AuthPlatform   Auth = "platform"    // a platform app
	AuthConsole    Auth = "console"     // a super admin in the operators' console, by cookie
)

// Row is one route. Rows are made by Get and its siblings and refined by the
// methods below, each of which returns a changed copy.
type Row struct {
	Methods []string
	Path    string // "/api/v1/accounts/{account_id}/labels/{id}"
	Auth    Auth
	Policy  Policy
	Bots    bool         // bots of the account may call
	In, Out reflect.Type // of the handler
	Handler string       // its name, for documents and logs

	FlatKey    string // see Flat
	RequireKey string // see Require
	NullText   bool   // see NullTexts
	Plain      bool   // see PlainErrors
	Opaque     bool   // see Bytes
	BodyLimit  int    // bytes, see Limit
	Optional   bool   // see MaySignIn
	Session    bool   // see SessionOnly
	Docs       Docs   // see Doc

	decoder decoder
	err     error // why the row cannot be mounted
	find    finder
	param   string // of find
	first   func(ctx context.Context, c *Call) error
	// findSent is a look-up behind the parameter sentParam of the body.
	findSent  finder
	sentParam string
	// unsigned is the row's answer to who has not signed in; nil: everybody's.
	unsigned *Problem
	call     func(ctx context.Context, c *Call, b *bag) (any, error)
}

type finder func(ctx context.Context, c *Call, id int64) error

// Func is a handler. In is a struct whose fields name their source by tag:
// `path:"id"` from the path only, `query:"page"` and `json:"name"` from the one
// bag of body and query (the body wins), `header:"X-Name"` from the headers.
// Out is encoded as JSON unless it is one of Empty, NoContent, Reply, Content,
// Redirect and Stream.
type Func[In, Out any] func(ctx context.Context, c *Call, in In) (Out, error)

// Get is a route for GET and HEAD.
func Get[In, Out any](path string, p Policy, f Func[In, Out]) Row {
	return newRow(path, p, f, "GET")
}

// Post is a route for POST.
func Post[In, Out any](path string, p Policy, f Func[In, Out]) Row {
	return newRow(path, p, f, "POST")
}

// Patch is a route for PATCH and PUT, which are the same operation.
func Patch[In, Out any](path string, p Policy, f Func[In, Out]) Row {
	return newRow(path, p, f, "PATCH", "PUT")
}

// Put is a route for PUT alone.
func Put[In, Out any](path string, p Policy, f Func[In, Out]) Row {
	return newRow(path, p, f, "PUT")
}

// Delete is a route for DELETE.
func Delete[In, Out any](path string, p Policy, f Func[In, Out]) Row {
	return newRow(path, p, f, "DELETE")
}

func newRow[In, Out any](path string, p Policy, f Func[In, Out], methods ...string) Row {
	in := reflect.TypeFor[In]()
	r := Row{
		Methods: methods,
		Path:    path,
		Auth:    authOf(path, p),
		Policy:  p,
		In:      in,
		Out:     reflect.TypeFor[Out](),
		Handler: nameOf(f),
	}
	d, err := compile(in)
	if err != nil {
		r.err = err
		return r
	}
	r.decoder = d
	r.call = func(ctx context.Context, c *Call, b *bag) (any, error) {
		var input In
		if err := d.decode(reflect.ValueOf(&input).Elem(), b); err != nil {
			return nil, err
		}
		return f(ctx, c, input)
	}
	return r
}

func authOf(path string, p Policy) Auth {
	switch {
	case p == Public:
		return AuthNone
	case p == Platform:
		return AuthPlatform
	case p == Console:
		return AuthConsole
	case strings.Contains(path, "/{account_id}"):
		return AuthAccount
	}
	return AuthUser
}

// nameOf is the name of a handler function without its package path.
func nameOf(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	name = strings.TrimSuffix(name, "-fm")
	return name[strings.LastIndexByte(name, '.')+1:]
}

// Flat makes a JSON body without key act as if it were also nested under key.
// Only keys that the handler reads there are copied.
func (r Row) Flat(key string) Row {
	r.FlatKey = key
	return r
}

// Require refuses requests whose parameter key is missing or empty.
func (r Row) Require(key string) Row {
	r.RequireKey = key
	return r
}

// AdmitBots lets agent bots of the account call.
func (r Row) AdmitBots() Row {
	r.Bots = true
	return r
}

// NullTexts reads the text "null" in a top-level parameter as null.
func (r Row) NullTexts() Row {
	r.NullText = true
	return r
}

// PlainErrors answers failed validation as {"error": text} like any other
// refused input, with "Validation failed: " in front.
func (r Row) PlainErrors() Row {
	r.Plain = true
	return r
}

// Bytes takes the body as nothing but bytes, whatever its Content-Type says: for
// files. The handler's Body is not a copy and is gone when it returns.
func (r Row) Bytes() Row {
	r.Opaque = true
	return r
}

// MaySignIn lets users of a public row say who they are; who does not, or whose
// session is over, is nobody. An API token that nobody has is refused all the same.
func (r Row) MaySignIn() Row {
	r.Optional = true
	return r
}

// SessionOnly takes no API tokens: for what is about the session itself.
func (r Row) SessionOnly() Row {
	r.Session = true
	return r
}

// Unsigned is what the row answers to who has not signed in.
func (r Row) Unsigned(p *Problem) Row {
	r.unsigned = p
	return r
}

// Limit sets the largest body in bytes; without it Options.BodyLimit holds.
func (r Row) Limit(bytes int) Row {
	r.BodyLimit = bytes
	return r
}

// Only narrows a row made by Patch to one of its methods.
func (r Row) Only(method string) Row {
	r.Methods = []string{method}
	return r
}

// OwnAccount looks the account {id} up among the caller's own: no membership
// is not found, and suspended accounts answer.
func (r Row) OwnAccount() Row {
	r.Auth = AuthOwnAccount
	return r
}

// Finds names the look-up behind the path parameter. When the policy refuses a
// caller, find decides between "not found" and "not authorized": clients are
// told of a missing record first. It does not run for callers who are allowed.
func (r Row) Finds(param string, find func(ctx context.Context, c *Call, id int64) error) Row {
	r.param, r.find = param, find
	return r
}

// First names a check that comes before the policy, for members of the account: its
// error is the answer, whoever calls.
func (r Row) First(check func(ctx context.Context, c *Call) error) Row {
	r.first = check
	return r
}

// FindsSent is Finds for a record that a parameter of the body or query names: its
// look-up comes after that of Finds. Without the parameter nothing is looked up.
func (r Row) FindsSent(param string, find func(ctx context.Context, c *Call, id int64) error) Row {
	r.sentParam, r.findSent = param, find
	return r
}

// params are the names in braces of a path.
func params(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		if name, _, _, ok := splitParam(segment); ok {
			names = append(names, name)
		}
	}
	return names
}

// splitParam takes "{name:pattern}suffix" apart.
func splitParam(segment string) (name, pattern, suffix string, ok bool) {
	if !strings.HasPrefix(segment, "{") {
		return "", "", "", false
	}
	name, suffix, _ = strings.Cut(segment[1:], "}")
	name, pattern, _ = strings.Cut(name, ":")
	return name, pattern, suffix, true
}

// check tells why a row cannot be served.
func (r *Row) check() error {
	at := strings.Join(r.Methods, ",") + " " + r.Path
	switch {
	case r.err != nil:
		return fmt.Errorf("route: %s: %w", at, r.err)
	case r.call == nil:
		return fmt.Errorf("route: %s: made without a constructor", at)
	case r.Policy == "":
		return fmt.Errorf("route: %s: no policy", at)
	case r.Optional && r.Policy != Public:
		return fmt.Errorf("route: %s: only who need not sign in may", at)
	case !r.Policy.valid():
		return fmt.Errorf("route: %s: unknown policy %q", at, string(r.Policy))
	case !strings.HasPrefix(r.Path, "/") || len(r.Path) > 1 && strings.HasSuffix(r.Path, "/"):
		return fmt.Errorf("route: %s: a path begins with a slash and does not end with one", at)
	}
	inPath := params(r.Path)
	known := map[string]bool{}
	for _, name := range inPath {
		known[name] = true
	}
	for _, name := range r.decoder.pathNames() {
		if !known[name] {
			return fmt.Errorf("route: %s: the input wants path parameter %q", at, name)
		}
		delete(known, name)
	}
	if r.Auth == AuthAccount {
		if !strings.Contains(r.Path, "/{account_id}") {
			return fmt.Errorf("route: %s: no {account_id}", at)
		}
		delete(known, "account_id")
	}
	if r.Auth == AuthOwnAccount {
		delete(known, "id")
	}
	outside := []Policy{Public, SignedIn, Platform, Console, Operator}
	if r.Auth != AuthAccount && r.Auth != AuthOwnAccount && !slices.Contains(outside, r.Policy) {
		return fmt.Errorf("route: %s: policy %s needs an account", at, r.Policy)
	}
	for name := range known {
		return fmt.Errorf("route: %s: path parameter %q is not read", at, name)
	}
	return nil
}
