package route

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// listed is one line of List.
type listed struct {
	Method     string `json:"method"`
	Path       string `json:"path"`
	Auth       string `json:"auth"`
	Permission string `json:"permission"`
	Bots       bool   `json:"bots"`
}

// List prints one line per route, METHOD<TAB>PATH<TAB>auth<TAB>permission with
// path parameters written :name, or the same as a JSON array. Lines are sorted
// by path, then method.
func List(rows []Row, asJSON bool) ([]byte, error) {
	lines := []listed{}
	for i := range rows {
		for _, m := range rows[i].Methods {
			lines = append(lines, listed{m, colonPath(rows[i].Path), string(rows[i].Auth), rows[i].Policy.String(), rows[i].Bots})
		}
	}
	slices.SortFunc(lines, func(a, b listed) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Method, b.Method)
	})
	if asJSON {
		b, err := json.MarshalIndent(lines, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("route: list: %w", err)
		}
		return append(b, '\n'), nil
	}
	var out bytes.Buffer
	for _, l := range lines {
		fmt.Fprintf(&out, "%s\t%s\t%s\t%s\n", l.Method, l.Path, l.Auth, l.Permission)
	}
	return out.Bytes(), nil
}

// colonPath writes {name} as :name and {name:*} as *name.
func colonPath(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		name, pattern, suffix, ok := splitParam(s)
		if !ok {
			continue
		}
		sign := ":"
		if pattern == "*" {
			sign = "*"
		}
		segments[i] = sign + name + suffix
	}
	return strings.Join(segments, "/")
}
