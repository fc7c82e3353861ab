package store

import (
	"context"
	"fmt"
	"strconv"
)

// MFA is a user's second factor.
type MFA struct {
	Enabled bool
	// Secret is sealed by whoever set it; empty: none was made yet.
	Secret string
	// Step is the last time step whose code was used.
	Step int64
	// Codes is how many backup codes there are, used or not.
	Codes int
}

// MFA reads a user's second factor; ErrNotFound when there is no such user.
func (s *Store) MFA(ctx context.Context, userID int64) (MFA, error) {
	var m MFA
	err := s.r.QueryRowContext(ctx, `SELECT mfa_enabled, COALESCE(totp_secret, ''), totp_step,
			(SELECT COUNT(*) FROM mfa_backup_codes c WHERE c.user_id = users.id)
		FROM users WHERE id = $1`, userID).Scan(&m.Enabled, &m.Secret, &m.Step, &m.Codes)
	if isNoRows(err) {
		return m, ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("store: second factor: %w", err)
	}
	return m, nil
}

// SetTOTP gives a user a sealed secret that is not asked for yet. It tells whether
// it did: not when one is already.
func (t *Tx) SetTOTP(ctx context.Context, userID int64, sealed string) (bool, error) {
	return t.changed(ctx, "set second factor", `UPDATE users SET totp_secret = $2, totp_step = 0, updated_at = $3 WHERE id = $1 AND NOT mfa_enabled`,
		userID, sealed, t.now())
}

// SpendTOTPStep uses the code of a time step up, and tells whether it still could:
// neither it nor a later one was used.
func (t *Tx) SpendTOTPStep(ctx context.Context, userID, step int64) (bool, error) {
	return t.changed(ctx, "spend code", `UPDATE users SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, userID, step)
}

// EnableMFA asks for the second factor from now on. It tells whether that is new.
func (t *Tx) EnableMFA(ctx context.Context, userID int64) (bool, error) {
	return t.changed(ctx, "enable second factor", `UPDATE users SET mfa_enabled = TRUE, updated_at = $2
		WHERE id = $1 AND NOT mfa_enabled AND totp_secret IS NOT NULL`, userID, t.now())
}

// DisableMFA forgets the second factor and its backup codes.
func (t *Tx) DisableMFA(ctx context.Context, userID int64) error {
	if err := t.setUser(ctx, "disable second factor", userID, `mfa_enabled = FALSE, totp_secret = NULL, totp_step = 0`); err != nil {
		return err
	}
	return t.ReplaceBackupCodes(ctx, userID, nil)
}

// backupText is what is digested of a backup code; a code of one user says nothing
// about another's.
func backupText(userID int64, code string) string {
	return "backup:" + strconv.FormatInt(userID, 10) + ":" + code
}

// ReplaceBackupCodes gives a user other codes, of which only digests are kept.
func (t *Tx) ReplaceBackupCodes(ctx context.Context, userID int64, codes []string) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM mfa_backup_codes WHERE user_id = $1`, userID); err != nil {
		return fmt.Errorf("store: drop backup codes: %w", err)
	}
	if len(codes) == 0 {
		return nil
	}
	digests := make([]string, len(codes))
	for i, c := range codes {
		digests[i] = t.s.sealer.Digest(backupText(userID, c))
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO mfa_backup_codes (user_id, digest) SELECT $2, x.digest FROM `+t.s.d.rows("$1", "digest text"),
		ids(digests), userID); err != nil {
		return fmt.Errorf("store: insert backup codes: %w", err)
	}
	return nil
}

// SpendBackupCode uses a code up, and tells whether it could be used.
func (t *Tx) SpendBackupCode(ctx context.Context, userID int64, code string) (bool, error) {
	return anyOf(t.s.sealer.digestsOnly(backupText(userID, code)), func(digest string) (bool, error) {
		return t.changed(ctx, "spend backup code", `UPDATE mfa_backup_codes SET used_at = $3 WHERE user_id = $1 AND digest = $2 AND used_at IS NULL`,
			userID, digest, t.now())
	})
}
