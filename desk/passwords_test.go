package desk_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	const (
		upper   = "Password must contain at least 1 uppercase character  (A..Z)"
		lower   = "Password must contain at least 1 lowercase character  (a..z)"
		number  = "Password must contain at least 1 number character  (0..9)"
		special = "Password must contain at least 1 special character  ( !@#$%^&*()_+-=[]{}|\"/\\.,`<>:;?~')"
	)
	for password, want := range map[string]string{
		"Passw0rd!":                      "",
		"aA1 bc":                         "",
		"aA1'`~\\/\"|<>,.?;:[]{}()":      "",
		strings.Repeat("aA1!", 32):       "",
		"":                               "Password can't be blank",
		"aA1!":                           "Password must contain at least 6 characters",
		"aA1!b":                          "Password must contain at least 6 characters",
		strings.Repeat("aA1!", 32) + "x": "Password must contain at most 128 characters",
		"passw0rd!":                      upper,
		"PASSW0RD!":                      lower,
		"Password!":                      number,
		"Passw0rdx":                      special,
		"password":                       upper + ", " + number + ", " + special,
		"Passw0rd!é":                     "Password contains 1 invalid character (é)",
		"Passw0rd!éßé":                   "Password contains 3 invalid characters (ßé)",
		"Passw0rd!\t":                    "Password contains 1 invalid character (\t)",
		"密码密码密码":                         upper + ", " + lower + ", " + number + ", " + special + ", Password contains 6 invalid characters (密码)",
	} {
		var errs validate.Errors
		desk.CheckPassword(&errs, password, nil)
		got := ""
		if err := errs.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", password, got, want)
		}
	}
	other := "Passw0rd?"
	var errs validate.Errors
	desk.CheckPassword(&errs, "Passw0rd!", &other)
	var err *chat.Error
	if !errors.As(errs.Err(), &err) || err.Message != "Password confirmation doesn't match Password" || err.Attributes[0] != "password_confirmation" {
		t.Errorf("another confirmation: %v", errs.Err())
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := desk.New(desk.Options{PasswordCost: bcrypt.MinCost})
	matches := func(hash, password string) bool {
		t.Helper()
		ok, err := d.PasswordMatches(ctx, hash, password)
		if err != nil {
			t.Fatalf("PasswordMatches(%q): %v", hash, err)
		}
		return ok
	}
	hash, err := d.HashPassword(ctx, "Passw0rd!")
	if err != nil {
		t.Fatal(err)
	}
	if !matches(hash, "Passw0rd!") || matches(hash, "Passw0rd?") || matches(hash, "") {
		t.Error("a password matches what it should not, or not what it should")
	}
	// Nobody signs in where there is no password, whatever stands in its place.
	for _, none := range []string{"", "hash", "no password", "$2a$hash"} {
		for _, password := range []string{"", none, "Passw0rd!"} {
			if matches(none, password) {
				t.Errorf("%q matches %q", password, none)
			}
		}
	}
	// bcrypt looks at 72 bytes; longer passwords are taken all the same.
	long := strings.Repeat("aA1!", 30)
	hash, err = d.HashPassword(ctx, long)
	if err != nil {
		t.Fatal(err)
	}
	if !matches(hash, long) || matches(hash, "x"+long) {
		t.Error("a long password does not match, or too much does")
	}
	if cost, err := bcrypt.Cost([]byte(hash)); err != nil || cost != bcrypt.MinCost {
		t.Errorf("cost %d, %v", cost, err)
	}

	usual, err := desk.New(desk.Options{}).HashPassword(ctx, "Passw0rd!")
	if cost, costErr := bcrypt.Cost([]byte(usual)); err != nil || costErr != nil || cost != 11 {
		t.Errorf("usual cost %d, %v %v", cost, err, costErr)
	}
}

// Whoever does not want to wait for a place is let go.
func TestPasswordsTakeTurns(t *testing.T) {
	t.Parallel()
	d := desk.New(desk.Options{PasswordCost: bcrypt.MinCost})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := d.HashPassword(t.Context(), "Passw0rd!"); err != nil {
				t.Errorf("HashPassword: %v", err)
			}
		})
	}
	wg.Wait()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	refused := 0
	for range 200 { // a free place and the end are there at the same time: either may be taken
		if _, err := d.PasswordMatches(gone, "", "x"); err != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nobody is let go")
	}
}

func TestRefusedEmail(t *testing.T) {
	t.Parallel()
	blocked := ""
	d := desk.New(desk.Options{Setting: func(name string) string {
		if name == "BLOCKED_EMAIL_DOMAINS" {
			return blocked
		}
		return ""
	}})
	for email, want := range map[string]bool{
		"a@shop.example": false, "a@mailinator.com": true, "a@x.y.mailinator.com": true, "a@notmailinator.com": false,
		"mailinator.com@shop.example": false, "a@yopmail.com": true, "a@0-mail.com": true, "a@zetmail.com": true,
	} {
		if got := d.RefusedEmail(email); got != want {
			t.Errorf("%s: got %t", email, got)
		}
	}
	blocked = "^rival\\.example$\r\n  \n[broken\n"
	for email, want := range map[string]bool{
		"a@rival.example": true, "a@RIVAL.example": true, "a@sub.rival.example": false, "a@shop.example": false, "a@[broken": true,
	} {
		if got := d.RefusedEmail(email); got != want {
			t.Errorf("with a list, %s: got %t", email, got)
		}
	}
}

func TestSSOURLs(t *testing.T) {
	t.Parallel()
	d := desk.New(desk.Options{PublicURL: "https://desk.example"})
	if got, want := d.SSOURL("a+b@shop.example", "t0"), "https://desk.example/app/login?email=a%2Bb%40shop.example&sso_auth_token=t0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := d.SSOCallbackURL("a+b@shop.example", "t0"), "https://desk.example/app/login?email=a%252Bb%2540shop.example&sso_auth_token=t0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
