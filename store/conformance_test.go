package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// Every test closes its stores; what still runs afterwards leaked.
func TestMain(m *testing.M) { goleak.VerifyTestMain(storetest.Prepared.Around(m)) }

func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(tb testing.TB) *storetest.DB { return storetest.New(tb, "") })
	})
	if testkit.HasPostgres() {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(tb testing.TB) *storetest.DB { return storetest.New(tb, storetest.Prepared.Postgres(tb)) })
		})
	}
}

// A method that nobody tests is as good as not there.
func TestEveryMethodHasACase(t *testing.T) {
	t.Parallel()
	uncovered, unknown := storetest.Missing()
	for _, name := range uncovered {
		t.Errorf("no case covers %s", name)
	}
	for _, name := range unknown {
		t.Errorf("a case covers %s, which does not exist", name)
	}
	files, err := filepath.Glob("storetest/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("source of the suite: %v, %v", files, err)
	}
	var source strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	for _, c := range storetest.Cases() {
		for _, covered := range c.Covers {
			_, method, _ := strings.Cut(covered, ".")
			if !strings.Contains(source.String(), "."+method+"(") {
				t.Errorf("case %q covers %s, which the suite never calls", c.Name, covered)
			}
		}
	}
}
