package openapi

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"tributary/api/route"
)

// The bodies of the usual refusals, as contract and clients know them.
type (
	// Error is the text of a refusal.
	Error struct {
		Error string `json:"error"`
	}
	// Errors is what who has not signed in gets.
	Errors struct {
		Errors []string `json:"errors"`
	}
	// Invalid is what failed validation gets.
	Invalid struct {
		Message    string   `json:"message"`
		Attributes []string `json:"attributes"`
	}
	// Numbered is the answer that carries nothing but its status.
	Numbered = route.NumberedBody
)

const (
	jsonMedia = "application/json"
	textMedia = "text/plain"
)

var (
	errorShape    = reflect.TypeFor[Error]()
	errorsShape   = reflect.TypeFor[Errors]()
	invalidShape  = reflect.TypeFor[Invalid]()
	numberedShape = reflect.TypeFor[Numbered]()
)

// refusal is one of the answers that many rows share.
type refusal struct {
	name, text string
	bodies     []reflect.Type
	examples   []string // bodies as they are sent
}

const (
	exampleSignIn = `{"errors":["You need to sign in or sign up before continuing."]}`
	exampleToken  = `{"error":"Invalid Access Token"}`
	exampleBots   = `{"error":"Access to this endpoint is not authorized for bots"}`
	examplePolicy = `{"error":"You are not authorized to do this action"}`
)

func numbered(status int, name, text string) refusal {
	said := http.StatusText(status)
	if status == http.StatusRequestEntityTooLarge {
		said = "Content Too Large"
	}
	return refusal{name, text, []reflect.Type{numberedShape}, []string{`{"status":` + strconv.Itoa(status) + `,"error":"` + said + `"}`}}
}

// refusals are the usual answers of a row to what it does not do, by status.
func refusals(r *route.Row) map[int]refusal {
	out := map[int]refusal{
		http.StatusBadRequest:          numbered(http.StatusBadRequest, "BadRequest", "The request cannot be read."),
		http.StatusTooManyRequests:     {"TooManyRequests", "Too many requests; try again later.", nil, nil},
		http.StatusInternalServerError: numbered(http.StatusInternalServerError, "Failed", "The server failed."),
	}
	body, other := sources(r)
	if body || r.Methods[0] != http.MethodGet {
		out[http.StatusRequestEntityTooLarge] = numbered(http.StatusRequestEntityTooLarge, "TooLarge", "The body is too large.")
	}
	if body || other || r.RequireKey != "" || r.Methods[0] != http.MethodGet {
		out[http.StatusUnprocessableEntity] = refusal{
			"Unprocessable", "What was sent is refused: the text says why.",
			[]reflect.Type{invalidShape, errorShape},
			[]string{`{"message":"Name can't be blank","attributes":["name"]}`, `{"error":"param is missing or the value is empty: team"}`},
		}
	}
	if len(r.PathParams()) > 0 {
		out[http.StatusNotFound] = notFound(r.Path)
	}
	if u, ok := unauthorized(r); ok {
		out[http.StatusUnauthorized] = u
	}
	return out
}

func notFound(path string) refusal {
	if strings.HasPrefix(path, "/platform/") || strings.HasPrefix(path, "/public/") {
		return numbered(http.StatusNotFound, "NumberedNotFound", "There is no such record.")
	}
	return refusal{"NotFound", "There is no such record.", []reflect.Type{errorShape, numberedShape}, []string{`{"error":"Resource could not be found"}`}}
}

// unauthorized is how a row refuses callers.
func unauthorized(r *route.Row) (refusal, bool) {
	both := []reflect.Type{errorsShape, errorShape}
	switch r.Auth {
	case route.AuthNone:
		if !r.Optional {
			return refusal{}, false
		}
		return refusal{"UnknownToken", "The API token is nobody's.", []reflect.Type{errorShape}, []string{exampleToken, exampleBots}}, true
	case route.AuthUser:
		if r.Policy == route.Operator {
			return refusal{
				"NotOperator", "The caller is not a super admin who signed in.", both, []string{exampleSignIn, exampleToken, exampleBots, examplePolicy},
			}, true
		}
		return refusal{"NotSignedIn", "The caller is not a user who signed in.", both, []string{exampleSignIn, exampleToken, exampleBots}}, true
	case route.AuthOwnAccount:
		return refusal{
			"NotAllowed", "The caller is not a user who signed in, or may not do this.", both,
			[]string{exampleSignIn, exampleToken, exampleBots, examplePolicy},
		}, true
	case route.AuthPlatform:
		return refusal{
			"NoPlatformApp", "The token is no platform app's, or the app has no permission for the record.",
			[]reflect.Type{errorShape},
			[]string{`{"error":"Invalid access_token"}`, `{"error":"Non permissible resource"}`},
		}, true
	case route.AuthAccount:
	}
	return refusal{
		"NotAllowedInAccount", "The caller is not signed in, is no member of the account, or may not do this; or the account is suspended.", both,
		[]string{
			exampleSignIn, exampleToken, exampleBots, examplePolicy,
			`{"error":"Account is suspended"}`, `{"error":"You are not authorized to access this account"}`,
			`{"error":"Bot is not authorized to access this account"}`,
		},
	}, true
}

// failing are refusals that rows add by route.Row.Fails.
var failing = map[int]refusal{
	http.StatusBadRequest:   {"Refused", "What was sent is refused: the text says why.", []reflect.Type{errorShape, numberedShape}, nil},
	http.StatusUnauthorized: {"NotAuthorized", "The caller may not do this.", []reflect.Type{errorShape}, []string{examplePolicy}},
	http.StatusNotFound: {
		"NotFound", "There is no such record.", []reflect.Type{errorShape, numberedShape}, []string{`{"error":"Resource could not be found"}`},
	},
	http.StatusPaymentRequired: {
		"LimitReached", "The plan's limit is reached.",
		[]reflect.Type{errorShape},
		[]string{`{"error":"Account limit exceeded. Please purchase more licenses"}`},
	},
	http.StatusForbidden:           {"Forbidden", "This is turned off, or not for the caller.", []reflect.Type{errorShape}, nil},
	http.StatusConflict:            {"Conflict", "Something else is under way or came first.", []reflect.Type{errorShape}, nil},
	http.StatusUnprocessableEntity: {"Unprocessable", "What was sent is refused: the text says why.", []reflect.Type{invalidShape, errorShape}, nil},
}

// sources tells where a row's input comes from: a body, or a query and headers.
func sources(r *route.Row) (body, other bool) {
	if r.In == nil {
		return false, false
	}
	route.EachField(r.In, func(f reflect.StructField) {
		switch source(f, r) {
		case inBody, inRaw:
			body = true
		case inQuery, inHeader:
			other = true
		}
	})
	return body, other
}

// Places of a parameter.
const (
	inPath   = "path"
	inQuery  = "query"
	inHeader = "header"
	inBody   = "body"
	inRaw    = "raw"
)

// source is where a field of an input comes from. What reads never has a body.
func source(f reflect.StructField, r *route.Row) string {
	if f.Type == reflect.TypeFor[route.Body]() {
		return inRaw
	}
	for _, place := range []string{inPath, inHeader, inQuery} {
		if name := f.Tag.Get(place); name != "" && name != "-" {
			return place
		}
	}
	if r.Methods[0] == http.MethodGet {
		return inQuery
	}
	return inBody
}
