package channeltest

import (
	"testing"

	"tributary/channels"
)

// Build makes the driver under test for an installation. It is called once per
// case, because settings differ.
type Build func(env *channels.Env) channels.Driver

// Option changes what a suite reads.
type Option func(*suite)

// With adds another driver, whose channels fill the directory: Instagram's
// webhook also names Facebook pages.
func With(other Build) Option { return func(s *suite) { s.others = append(s.others, other) } }

// Cases names the case files by globs relative to the package; the default is
// testdata/*.json and testdata/*/*.json.
func Cases(globs ...string) Option { return func(s *suite) { s.globs = globs } }

type suite struct {
	build  Build
	others []Build
	globs  []string
	cases  []*testCase
}

func newSuite(tb testing.TB, build func(env *channels.Env) channels.Driver, options []Option) *suite {
	tb.Helper()
	s := &suite{build: build, globs: []string{"testdata/*.json", "testdata/*/*.json"}}
	for _, o := range options {
		o(s)
	}
	s.cases = loadCases(tb, s.globs)
	return s
}

// Run plays the cases of the calling package and checks the rules that every
// driver keeps. See the package documentation.
func Run(t *testing.T, build func(env *channels.Env) channels.Driver, options ...Option) {
	t.Helper()
	s := newSuite(t, build, options)
	for _, c := range s.cases {
		t.Run(c.name(), func(t *testing.T) {
			if c.outbound() {
				s.runOutbound(t, c)
			} else {
				s.runInbound(t, c)
			}
		})
	}
	s.conform(t)
}
