package desk

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"tributary/internal/validate"
)

// PasswordCost is bcrypt's: about a sixth of a second on a processor of 2025.
const PasswordCost = 11

const (
	// passwordBytes is how much of a password bcrypt looks at.
	passwordBytes = 72

	shortestPassword = 6
	longestPassword  = 128
)

// passwordSpecials are the characters of which a password needs one; others but
// letters and digits of ASCII are not allowed.
const passwordSpecials = " !@#$%^&*()_+-=[]{}|\"/\\.,`<>:;?~'"

// CheckPassword notes what is wrong with a password that somebody wants to have.
// confirmation is what was typed a second time; nil: it was not asked for.
func CheckPassword(errs *validate.Errors, password string, confirmation *string) {
	const attribute = "password"
	if confirmation != nil && *confirmation != password {
		errs.Add("password_confirmation", "doesn't match Password")
	}
	if password == "" {
		errs.Add(attribute, validate.Blank)
		return
	}
	var upper, lower, digits, special int
	var unknown []rune
	for _, r := range password {
		switch {
		case r >= 'A' && r <= 'Z':
			upper++
		case r >= 'a' && r <= 'z':
			lower++
		case r >= '0' && r <= '9':
			digits++
		case strings.ContainsRune(passwordSpecials, r):
			special++
		default:
			unknown = append(unknown, r)
		}
	}
	length := upper + lower + digits + special + len(unknown)
	if length < shortestPassword {
		errs.Add(attribute, "must contain at least "+strconv.Itoa(shortestPassword)+" characters")
	}
	if length > longestPassword {
		errs.Add(attribute, "must contain at most "+strconv.Itoa(longestPassword)+" characters")
	}
	for _, group := range []struct {
		has         int
		name, which string
	}{{upper, "uppercase", "A..Z"}, {lower, "lowercase", "a..z"}, {digits, "number", "0..9"}, {special, "special", passwordSpecials}} {
		if group.has == 0 {
			errs.Add(attribute, "must contain at least 1 "+group.name+" character  ("+group.which+")") // two spaces: clients look for this text
		}
	}
	if n := len(unknown); n > 0 {
		noun := " invalid characters ("
		if n == 1 {
			noun = " invalid character ("
		}
		slices.Sort(unknown)
		errs.Add(attribute, "contains "+strconv.Itoa(n)+noun+string(slices.Compact(unknown))+")")
	}
}

// passwords hashes and compares passwords, a few at a time: each takes a processor
// for a while, and webhooks want some too.
type passwords struct {
	cost   int
	places chan struct{}
	// nobody is what a password is compared with where there is none, so that an
	// address that nobody has takes as long as others.
	nobody string
}

func newPasswords(cost int) *passwords {
	if cost == 0 {
		cost = PasswordCost
	}
	return &passwords{
		cost: cost, places: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		nobody: fmt.Sprintf("$2a$%02d$%s", cost, strings.Repeat("e", 53)),
	}
}

func (p *passwords) enter(ctx context.Context) error {
	select {
	case p.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("desk: password: %w", ctx.Err())
	}
}

func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-p.places }()
	hash, err := bcrypt.GenerateFromPassword(significant(password), p.cost)
	if err != nil {
		return "", fmt.Errorf("desk: password: %w", err)
	}
	return string(hash), nil
}

// matches tells whether hash is the password's. It takes as long where there is no
// hash.
func (p *passwords) matches(ctx context.Context, hash, password string) (bool, error) {
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer func() { <-p.places }()
	against := hash
	if _, err := bcrypt.Cost([]byte(hash)); err != nil {
		against = p.nobody
	}
	err := bcrypt.CompareHashAndPassword([]byte(against), significant(password))
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, fmt.Errorf("desk: password: %w", err)
	}
	return err == nil && against == hash && password != "", nil
}

// outdated tells that a hash was made at another cost than hashes are made at now.
func (p *passwords) outdated(hash string) bool {
	cost, err := bcrypt.Cost([]byte(hash))
	return err == nil && cost != p.cost
}

// significant is what bcrypt looks at; it refuses more.
func significant(password string) []byte {
	return []byte(password)[:min(len(password), passwordBytes)]
}

// HashPassword is how a password is stored.
func (d *Desk) HashPassword(ctx context.Context, password string) (string, error) {
	return d.passwords.hash(ctx, password)
}

// PasswordMatches tells whether a stored hash is the password's.
func (d *Desk) PasswordMatches(ctx context.Context, hash, password string) (bool, error) {
	return d.passwords.matches(ctx, hash, password)
}
