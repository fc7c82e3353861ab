package arch_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestSecurityNamesTests: SECURITY.md promises nothing that no test holds: those that it
// names are there.
func TestSecurityNamesTests(t *testing.T) {
	t.Parallel()
	written := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	there := map[string]bool{}
	var promises string
	if err := walk(func(name string, text []byte) error {
		if strings.HasSuffix(name, "_test.go") {
			for _, m := range written.FindAllSubmatch(text, -1) {
				there[string(m[1])] = true
			}
		}
		if strings.HasSuffix(name, "SECURITY.md") {
			promises = string(text)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(promises, -1)
	if len(named) < 40 {
		t.Errorf("SECURITY.md names %d tests: it is not what it was", len(named))
	}
	for _, m := range named {
		if !there[m[1]] {
			t.Errorf("SECURITY.md names %s, which is not there", m[1])
		}
	}
}
