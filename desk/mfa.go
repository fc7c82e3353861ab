package desk

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"tributary/chat"
	"tributary/store"
)

// MFASettings are the installation settings that make the second factor available,
// all three together, and that key the secrets of users.
var MFASettings = []string{
	"ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
}

// MFAPrevious names those that they took the place of: three values with colons between
// them, several such with commas.
const MFAPrevious = "ACTIVE_RECORD_ENCRYPTION_PREVIOUS"

const (
	totpPeriod  = 30 // seconds
	totpSecret  = 20 // bytes, as RFC 4226 recommends
	backupCodes = 10
	backupBytes = 4
)

// Texts that clients compare.
const (
	textMFAUnavailable = "MFA feature is not available. Please configure encryption keys."
	textMFAOn          = "MFA is already enabled"
	textMFAOff         = "MFA is not enabled"
	textMFACode        = "Invalid verification code"
	textMFAPassword    = "Invalid credentials or verification code"
)

// mfaSealer encrypts the users' secrets; nil: the installation has no keys for it.
func (d *Desk) mfaSealer() (*store.Sealer, error) { return MFASealer(d.Setting) }

// MFASealer encrypts the secrets of second factors with the keys among the settings of
// an installation, and reads those of the keys before them; nil: it has none.
func MFASealer(setting func(string) string) (*store.Sealer, error) {
	secret := func(keys []string) string {
		var b strings.Builder
		for _, key := range keys {
			b.WriteString(strconv.Itoa(len(key)) + ":" + key)
		}
		return b.String()
	}
	var current []string
	for _, name := range MFASettings {
		key := setting(name)
		if key == "" {
			return nil, nil
		}
		current = append(current, key)
	}
	var previous []string
	for three := range strings.SplitSeq(setting(MFAPrevious), ",") {
		if three = strings.TrimSpace(three); three == "" {
			continue
		}
		keys := strings.Split(three, ":")
		if len(keys) != len(MFASettings) {
			return nil, fmt.Errorf("%s: not %d keys with colons between them", MFAPrevious, len(MFASettings))
		}
		previous = append(previous, secret(keys))
	}
	return store.NewSealer(secret(current), previous...)
}

// TOTPs are the sealed secrets of second factors, as the store seals them again; nil:
// the installation has no keys for them.
func TOTPs(setting func(string) string) (*store.Foreign, error) {
	sealer, err := MFASealer(setting)
	if err != nil || sealer == nil {
		return nil, err
	}
	return &store.Foreign{Sealer: sealer, Purpose: totpPurpose}, nil
}

// MFAAvailable refuses where the installation has no keys for the second factor.
func (d *Desk) MFAAvailable() error {
	sealer, err := d.mfaSealer()
	if err == nil && sealer == nil {
		err = mfaUnavailable()
	}
	return err
}

func mfaUnavailable() error {
	return &chat.Error{Code: chat.CodeForbidden, Message: textMFAUnavailable}
}

// totpPurpose keeps a sealed secret from being moved to another user.
func totpPurpose(userID int64) string { return "totp:" + strconv.FormatInt(userID, 10) }

// StartMFA makes a secret for a user and gives it, and its address for
// authenticators. Nothing is asked for before VerifyMFA.
func (d *Desk) StartMFA(ctx context.Context, userID int64, email string) (address, secret string, err error) {
	sealer, err := d.mfaSealer()
	if err == nil && sealer == nil {
		err = mfaUnavailable()
	}
	if err != nil {
		return "", "", err
	}
	b := make([]byte, totpSecret)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
	err = d.again(ctx, func(tx *store.Tx) error {
		ok, err := tx.SetTOTP(ctx, userID, sealer.Seal(totpPurpose(userID), []byte(secret)))
		if err == nil && !ok {
			err = chat.Unprocessable(textMFAOn)
		}
		return err
	})
	if err != nil {
		return "", "", err
	}
	// The issuer is the one that users of the API's clients know.
	label := url.URL{Scheme: "otpauth", Host: "totp", Path: "/Chatwoot:" + email, RawQuery: "secret=" + secret + "&issuer=Chatwoot"}
	return label.String(), secret, nil
}

// totpStep finds the time step of a code that was not used yet: this one, or one of
// its neighbours, since clocks differ. ok is false for any other code.
func (d *Desk) totpStep(ctx context.Context, userID int64, code string) (step int64, ok bool, err error) {
	m, err := d.Store.MFA(ctx, userID)
	if err != nil {
		return 0, false, err
	}
	sealer, err := d.mfaSealer()
	if err != nil || sealer == nil || m.Secret == "" {
		return 0, false, err
	}
	secret, err := sealer.Open(totpPurpose(userID), m.Secret)
	if err != nil {
		// Another key than the one that it was sealed with: no code is right.
		d.Log.Warn("the second factor of a user cannot be read: other encryption keys", "user_id", userID)
		return 0, false, nil //nolint:nilerr // logged; who calls learns that the code is wrong
	}
	code = strings.Join(strings.Fields(code), "")
	now := d.Now().Unix() / totpPeriod
	for _, step := range []int64{now, now - 1, now + 1} {
		if step <= m.Step {
			continue
		}
		right, err := totp.ValidateCustom(code, string(secret), time.Unix(step*totpPeriod, 0),
			totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && right { // an error says that it is no number of six digits
			return step, true, nil
		}
	}
	return 0, false, nil
}

// spendCode uses an authenticator's code up and runs f in the transaction that does.
func (d *Desk) spendCode(ctx context.Context, userID int64, code string, f func(*store.Tx) error) error {
	step, ok, err := d.totpStep(ctx, userID, code)
	if err != nil {
		return err
	}
	if !ok {
		return chat.Unprocessable(textMFACode)
	}
	return d.again(ctx, func(tx *store.Tx) error {
		ok, err := tx.SpendTOTPStep(ctx, userID, step)
		if err != nil {
			return err
		}
		if !ok {
			return chat.Unprocessable(textMFACode)
		}
		return f(tx)
	})
}

// VerifyMFA asks for the second factor from now on, once its owner has shown a code.
// It gives backup codes, none where there are some already.
func (d *Desk) VerifyMFA(ctx context.Context, userID int64, code string) (codes []string, err error) {
	m, err := d.Store.MFA(ctx, userID)
	if err != nil {
		return nil, err
	}
	if m.Enabled {
		return nil, chat.Unprocessable(textMFAOn)
	}
	err = d.spendCode(ctx, userID, code, func(tx *store.Tx) error {
		ok, err := tx.EnableMFA(ctx, userID)
		if err != nil {
			return err
		}
		if !ok {
			return chat.Unprocessable(textMFAOn)
		}
		if codes = nil; m.Codes > 0 {
			return nil
		}
		codes = newBackupCodes()
		return tx.ReplaceBackupCodes(ctx, userID, codes)
	})
	return codes, err
}

// RenewBackupCodes replaces all backup codes of a user who shows a code.
func (d *Desk) RenewBackupCodes(ctx context.Context, userID int64, code string) (codes []string, err error) {
	if err := d.mfaIsOn(ctx, userID); err != nil {
		return nil, err
	}
	codes = newBackupCodes()
	err = d.spendCode(ctx, userID, code, func(tx *store.Tx) error { return tx.ReplaceBackupCodes(ctx, userID, codes) })
	return codes, err
}

func (d *Desk) mfaIsOn(ctx context.Context, userID int64) error {
	m, err := d.Store.MFA(ctx, userID)
	if err == nil && !m.Enabled {
		err = chat.Unprocessable(textMFAOff)
	}
	return err
}

// DisableMFA forgets the second factor of a user who shows a code and the password.
// The code is used up either way.
func (d *Desk) DisableMFA(ctx context.Context, userID int64, password, code string) error {
	if err := d.mfaIsOn(ctx, userID); err != nil {
		return err
	}
	if err := d.spendCode(ctx, userID, code, func(*store.Tx) error { return nil }); err != nil {
		return err
	}
	user, err := d.Store.LoginByID(ctx, userID)
	if err != nil {
		return err
	}
	matches, err := d.passwords.matches(ctx, user.PasswordHash, password)
	if err != nil {
		return err
	}
	if !matches {
		return chat.Unprocessable(textMFAPassword)
	}
	return d.again(ctx, func(tx *store.Tx) error { return tx.DisableMFA(ctx, userID) })
}

func newBackupCodes() []string {
	codes := make([]string, backupCodes)
	for i := range codes {
		b := make([]byte, backupBytes)
		_, _ = rand.Read(b) // never fails, see crypto/rand
		codes[i] = strings.ToUpper(hex.EncodeToString(b))
	}
	return codes
}

// normalBackupCode reads a code as people type it.
func normalBackupCode(code string) string {
	return strings.ToUpper(strings.Join(strings.Fields(code), ""))
}
