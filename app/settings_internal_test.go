package app

import (
	"log/slog"
	"testing"
)

func TestSignupOpen(t *testing.T) {
	t.Parallel()
	const unset = "unset"
	for _, c := range []struct {
		stored, environment string
		want                bool
	}{
		{unset, unset, false},
		{unset, "false", false},
		{unset, "", false},
		{unset, "true", true},
		{unset, "api_only", true},
		{"false", unset, false},
		{"false", "false", false},
		{"false", "true", true},
		{"", "api_only", true},
		{"true", unset, true},
		{"true", "false", true},
		{"False", "FALSE", false},
	} {
		environment, stored := map[string]string{}, map[string]string{}
		if c.environment != unset {
			environment[signupSetting] = c.environment
		}
		if c.stored != unset {
			stored[signupSetting] = c.stored
		}
		s := newSettings(nil, nil, slog.New(slog.DiscardHandler), environment)
		s.stored.Store(&stored)
		if got := s.signupOpen(); got != c.want {
			t.Errorf("stored %s, environment %s: got %t", c.stored, c.environment, got)
		}
	}
}
