package openapitest_test

import (
	"context"
	"net/http"
	"testing"

	"tributary/api/openapi"
	"tributary/api/openapi/openapitest"
	"tributary/api/route"
)

type part struct {
	Size int `json:"size"`
}

type thingOut struct {
	ID    int64     `json:"id"`
	Name  *string   `json:"name"`
	Kind  string    `json:"kind" enum:"a,b"`
	Parts []part    `json:"parts"`
	Made  route.ISO `json:"made"`
	Extra string    `json:"extra,omitempty"`
}

type thingIn struct {
	ID int64 `path:"id"`
}

func show(context.Context, *route.Call, thingIn) (thingOut, error) { return thingOut{}, nil }

func drop(context.Context, *route.Call, thingIn) (route.Empty, error) { return route.Empty{}, nil }

// What is not as described is found, whatever it is.
func TestChecker(t *testing.T) {
	t.Parallel()
	rows := []route.Row{
		route.Get("/public/things/{id}", route.Public, show).Answers(http.StatusConflict),
		route.Delete("/public/things/{id}", route.Public, drop),
	}
	text, err := openapi.Build(rows, openapi.Options{Title: "t", Version: "1", Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	c, err := openapitest.New(rows, text)
	if err != nil {
		t.Fatal(err)
	}
	const whole = `{"id":1,"name":null,"kind":"a","parts":[{"size":1}],"made":"2025-01-31T10:20:30.000Z"}`
	for _, one := range []struct {
		method, path string
		status       int
		media, body  string
		ok           bool
	}{
		{"GET", "/public/things/1", 200, "application/json; charset=utf-8", whole, true},
		{"GET", "/public/things/1.json", 200, "application/json", whole, true},
		{"GET", "/public/things/1/", 200, "application/json", whole, true},
		{"GET", "/public/things/1", 200, "application/json", `{"id":1,"name":"x","kind":"b","parts":[],"made":null,"extra":"x"}`, true},
		{"GET", "/public/things/1", 200, "application/json", `{"id":1,"name":"x","kind":"b","parts":[],"made":null,"other":"x"}`, false},
		{"GET", "/public/things/1", 200, "application/json", `{"id":1,"name":"x","kind":"b","parts":[]}`, false},
		{"GET", "/public/things/1", 200, "application/json", `{"id":null,"name":"x","kind":"b","parts":[],"made":null}`, false},
		{"GET", "/public/things/1", 200, "application/json", `{"id":"1","name":"x","kind":"b","parts":[],"made":null}`, false},
		{"GET", "/public/things/1", 200, "application/json", `{"id":1.5,"name":"x","kind":"b","parts":[],"made":null}`, false},
		{"GET", "/public/things/1", 200, "application/json", `{"id":1,"name":1,"kind":"b","parts":[],"made":null}`, false},
		{"GET", "/public/things/1", 200, "application/json", `{"id":1,"name":"x","kind":"c","parts":[],"made":null}`, false},
		{"GET", "/public/things/1", 200, "application/json", `{"id":1,"name":"x","kind":"b","parts":null,"made":null}`, false},
		{"GET", "/public/things/1", 200, "application/json", `{"id":1,"name":"x","kind":"b","parts":[{"size":1,"x":1}],"made":null}`, false},
		{"GET", "/public/things/1", 200, "application/json", `{"id":1,"name":"x","kind":"b","parts":[],"made":"yesterday"}`, false},
		{"GET", "/public/things/1", 200, "application/json", ``, false},
		{"GET", "/public/things/1", 200, "text/plain", whole, false},
		{"GET", "/public/things/1", 201, "application/json", whole, false},
		{"GET", "/public/things/1", 404, "application/json", `{"status":404,"error":"Not Found"}`, true},
		{"GET", "/public/things/1", 404, "application/json", `{"error":"Not Found"}`, false},
		{"GET", "/public/things/1", 409, "", ``, true},
		{"GET", "/public/things/1", 409, "application/json", `{}`, false},
		{"DELETE", "/public/things/1", 200, "", ``, true},
		{"DELETE", "/public/things/1", 200, "application/json", `{}`, false},
		{"GET", "/public/other", 418, "", `whatever`, true},
	} {
		err := c.Check(one.method, one.path, one.status, http.Header{"Content-Type": {one.media}}, []byte(one.body))
		if (err == nil) != one.ok {
			t.Errorf("%s %s %d %s %s: %v", one.method, one.path, one.status, one.media, one.body, err)
		}
	}
}
