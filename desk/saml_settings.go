package desk

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // what administrators compare, nothing is proven by it
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

// JobSAMLMembers makes another service the provider of an account's members, or us
// again, as the account's settings are when it runs.
const JobSAMLMembers = "saml.members"

// SAMLJob is the payload of JobSAMLMembers.
type SAMLJob struct {
	AccountID int64 `json:"account_id"`
}

// FeatureSAML is the feature without which an account has no single sign-on.
const FeatureSAML = "saml"

// samlFeatures is the set of FeatureSAML alone.
func samlFeatures() int64 {
	set, _ := chat.Features(0).Set(FeatureSAML, true)
	return int64(set) //nolint:gosec // a bit set
}

// SAMLPatch is what is to be changed of an account's settings; nil: nothing.
type SAMLPatch struct {
	SSOURL, Certificate, IDPEntityID, SPEntityID *string
	// RoleMappings replaces all of them.
	RoleMappings *json.RawMessage
	// Anew begins with no settings instead of those that the account has.
	Anew bool
}

// SetSAMLSettings changes the settings of an account, or makes them. A *chat.Error of
// chat.CodeInvalid says what is wrong with them, store.ErrNotFound that there is no
// such account. Its members sign in there from now on, once a job has seen to it.
func (d *Desk) SetSAMLSettings(ctx context.Context, accountID int64, patch SAMLPatch) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		// Whoever invites somebody holds the account too, and sees the settings, or
		// the job sees the invited.
		if _, err := tx.LockAccount(ctx, accountID); err != nil {
			return err
		}
		before, err := tx.SAMLSettings(ctx, accountID)
		isNew := errors.Is(err, store.ErrNotFound)
		if err != nil && !isNew {
			return err
		}
		after := before
		if isNew || patch.Anew {
			after = store.SAMLSettings{}
		}
		after.AccountID = accountID
		if err := d.applySAML(ctx, tx, &after, patch); err != nil {
			return err
		}
		if err := tx.SetSAMLSettings(ctx, after); err != nil || !isNew && !patch.Anew {
			return err
		}
		return orderSAMLMembers(ctx, tx, accountID)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// DeleteSAMLSettings takes its settings from an account: its members have passwords
// again, once a job has seen to it.
func (d *Desk) DeleteSAMLSettings(ctx context.Context, accountID int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockAccount(ctx, accountID); err != nil {
			return err
		}
		was, err := tx.DeleteSAMLSettings(ctx, accountID)
		if err != nil || !was {
			return err
		}
		return orderSAMLMembers(ctx, tx, accountID)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// SPEntityID is what an account's service calls us, unless the account says otherwise.
func (d *Desk) SPEntityID(accountID int64) string {
	return d.PublicURL + "/saml/sp/" + strconv.FormatInt(accountID, 10)
}

// applySAML changes s and checks all of it.
func (d *Desk) applySAML(ctx context.Context, tx *store.Tx, s *store.SAMLSettings, patch SAMLPatch) error {
	for _, one := range []struct {
		to   *string
		from *string
	}{{&s.SSOURL, patch.SSOURL}, {&s.Certificate, patch.Certificate}, {&s.IDPEntityID, patch.IDPEntityID}, {&s.SPEntityID, patch.SPEntityID}} {
		if one.from != nil {
			*one.to = strings.TrimSpace(*one.from)
		}
	}
	if s.SPEntityID == "" {
		s.SPEntityID = d.SPEntityID(s.AccountID)
	}
	var errs validate.Errors
	errs.Present("sso_url", s.SSOURL)
	if u, err := url.Parse(s.SSOURL); s.SSOURL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		errs.Add("sso_url", validate.Invalid)
	}
	errs.MaxLen("sso_url", s.SSOURL, validate.ShortText)
	errs.Present("certificate", s.Certificate)
	errs.MaxLen("certificate", s.Certificate, validate.LongText)
	if s.Certificate != "" {
		if _, err := samlCertificates(s.Certificate); err != nil {
			errs.Add("certificate", err.Error())
		}
	}
	errs.Present("idp_entity_id", s.IDPEntityID)
	errs.MaxLen("idp_entity_id", s.IDPEntityID, validate.ShortText)
	errs.MaxLen("sp_entity_id", s.SPEntityID, validate.ShortText)
	if patch.RoleMappings != nil {
		s.RoleMappings = string(*patch.RoleMappings)
		ok, err := knownMappings(ctx, tx, s.AccountID, s.RoleMappings)
		if err != nil {
			return err
		}
		if !ok {
			errs.Add("role_mappings", validate.Invalid)
		}
	}
	return errs.Err()
}

// Reasons not to take a certificate, as they continue its name.
var (
	errNoCertificate = errors.New("is not a valid X.509 certificate in PEM")
	errOtherKey      = errors.New("must have an RSA or ECDSA key")
)

// samlCertificates reads those of a PEM text: more than one while a service changes
// from one to the next.
func samlCertificates(text string) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for rest := bytes.TrimSpace([]byte(text)); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return nil, errNoCertificate
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errNoCertificate
		}
		switch c.PublicKey.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey:
		default:
			return nil, errOtherKey
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errNoCertificate
	}
	return out, nil
}

// Fingerprint is the SHA-1 digest of the first certificate of a PEM text, as
// administrators compare it: "AB:CD:…"; empty when there is none.
func Fingerprint(certificate string) string {
	list, err := samlCertificates(certificate)
	if err != nil {
		return ""
	}
	sum := sha1.Sum(list[0].Raw) //nolint:gosec // see above
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

// maxMappings is how long the role mappings of an account may be, in bytes.
const maxMappings = 64 << 10

// roleMapping is what the members of a group become: of a role, else of a custom role.
type roleMapping struct {
	Role         *int
	CustomRoleID *int64
}

// UnmarshalJSON implements json.Unmarshaler. A role is a name or a number, numbers may
// be texts.
func (m *roleMapping) UnmarshalJSON(b []byte) error {
	var in struct {
		Role         any `json:"role"`
		CustomRoleID any `json:"custom_role_id"`
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf("desk: role mapping: %w", err)
	}
	*m = roleMapping{}
	if text := scalar(in.Role); text != "" {
		role, ok := map[string]int{"0": 0, "1": 1, chat.RoleAgent: 0, chat.RoleAdministrator: 1}[text]
		if !ok {
			return errors.New("desk: role mapping: no such role")
		}
		m.Role = &role
	} else if in.Role != nil && in.Role != "" {
		return errors.New("desk: role mapping: the role is no text")
	}
	if in.CustomRoleID == nil || in.CustomRoleID == "" {
		return nil
	}
	id, err := strconv.ParseInt(scalar(in.CustomRoleID), 10, 64)
	if err != nil || id < 1 {
		return errors.New("desk: role mapping: the custom role is no number")
	}
	m.CustomRoleID = &id
	return nil
}

// scalar is a text, or a number as it is written; empty for anything else.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// readMappings reads what the members of groups become, by the groups' names.
func readMappings(stored string) (map[string]roleMapping, error) {
	var out map[string]roleMapping
	if len(stored) > maxMappings {
		return nil, errors.New("desk: role mappings: too long")
	}
	if err := json.Unmarshal([]byte(stored), &out); err != nil {
		return nil, fmt.Errorf("desk: role mappings: %w", err)
	}
	return out, nil
}

// knownMappings tells whether mappings can be read, and their custom roles are the
// account's.
func knownMappings(ctx context.Context, tx *store.Tx, accountID int64, stored string) (bool, error) {
	mappings, err := readMappings(stored)
	if err != nil || mappings == nil {
		return false, nil //nolint:nilerr // that is the answer
	}
	for group, m := range mappings {
		if len(group) > validate.ShortText {
			return false, nil
		}
		if m.CustomRoleID == nil {
			continue
		}
		_, err := tx.LockCustomRole(ctx, accountID, *m.CustomRoleID)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// orderSAMLMembers orders the job. An order while it runs stands for a run after it.
func orderSAMLMembers(ctx context.Context, tx *store.Tx, accountID int64) error {
	payload, err := json.Marshal(SAMLJob{AccountID: accountID})
	if err != nil {
		return fmt.Errorf("desk: saml members: %w", err)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: JobSAMLMembers, Lane: store.LaneBulk, UniqueKey: JobSAMLMembers + ":" + strconv.FormatInt(accountID, 10),
		AccountID: accountID, Payload: payload,
	})
}

// samlMembers carries out JobSAMLMembers.
func (d *Desk) samlMembers(ctx context.Context, j store.Job) error {
	var in SAMLJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	if err := d.inChunks(ctx, func() (bool, error) { return d.Store.ConvertToSAML(ctx, in.AccountID, releaseChunk) }); err != nil {
		return err
	}
	return d.inChunks(ctx, func() (bool, error) { return d.Store.ReleaseFromSAML(ctx, in.AccountID, releaseChunk) })
}

// usesSAML tells whether an account has single sign-on: the feature, and settings. The
// caller holds the account.
func usesSAML(ctx context.Context, tx *store.Tx, a store.AccountRow) (store.SAMLSettings, bool, error) {
	if !chat.Features(a.Features).Has(FeatureSAML) { //nolint:gosec // a bit set
		return store.SAMLSettings{}, false, nil
	}
	s, err := tx.SAMLSettings(ctx, a.ID)
	if errors.Is(err, store.ErrNotFound) {
		return s, false, nil
	}
	return s, err == nil, err
}

// joinsBySAML lets who was added to an account with single sign-on sign in there.
func joinsBySAML(ctx context.Context, tx *store.Tx, m store.Membership) error {
	a, err := tx.LockAccount(ctx, m.AccountID)
	if err != nil {
		return err
	}
	_, uses, err := usesSAML(ctx, tx, a)
	if err != nil || !uses {
		return err
	}
	return tx.SetProvider(ctx, m.UserID, ProviderSAML)
}
