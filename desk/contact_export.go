package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tributary/chat"
	"tributary/chat/filter"
	"tributary/files"
	"tributary/store"
)

// JobContactExport writes contacts of an account to a file.
const JobContactExport = "contacts.export"

// ContactExport is a wish for contacts in a file. It is the payload of JobContactExport.
type ContactExport struct {
	AccountID int64    `json:"account_id"`
	UserID    int64    `json:"user_id"` // who hears of it
	Columns   []string `json:"column_names,omitempty"`
	// Payload are conditions of a filter, as the client sent them; without any, Label chooses;
	// empty: all.
	Payload json.RawMessage `json:"payload,omitempty"`
	Label   string          `json:"label,omitempty"`
}

// exportColumns are the columns that can be exported, and what they hold.
var exportColumns = map[string]func(c store.ContactRecord) string{
	"id":                    func(c store.ContactRecord) string { return strconv.FormatInt(c.ID, 10) },
	"name":                  func(c store.ContactRecord) string { return c.Name },
	"email":                 func(c store.ContactRecord) string { return deref(c.Email) },
	"phone_number":          func(c store.ContactRecord) string { return deref(c.Phone) },
	"account_id":            func(c store.ContactRecord) string { return strconv.FormatInt(c.AccountID, 10) },
	"created_at":            func(c store.ContactRecord) string { return exportTime(&c.CreatedAt) },
	"updated_at":            func(c store.ContactRecord) string { return exportTime(&c.UpdatedAt) },
	"additional_attributes": func(c store.ContactRecord) string { return exportObject(c.AdditionalAttributes) },
	"identifier":            func(c store.ContactRecord) string { return deref(c.Identifier) },
	"custom_attributes":     func(c store.ContactRecord) string { return exportObject(c.CustomAttributes) },
	"last_activity_at":      func(c store.ContactRecord) string { return exportTime(c.LastActivityAt) },
	"contact_type":          func(c store.ContactRecord) string { return store.ContactTypes[c.Type] },
	"middle_name":           func(store.ContactRecord) string { return "" }, // names are kept as one
	"last_name":             func(store.ContactRecord) string { return "" },
	"location":              func(c store.ContactRecord) string { return c.Location },
	"country_code":          func(c store.ContactRecord) string { return c.CountryCode },
	"blocked":               func(c store.ContactRecord) string { return strconv.FormatBool(c.Blocked) },
}

var exportDefault = []string{"id", "name", "email", "phone_number"}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func exportTime(micros *int64) string {
	if micros == nil {
		return ""
	}
	return time.UnixMicro(*micros).UTC().Format("2006-01-02 15:04:05") + " UTC"
}

func exportObject(stored string) string {
	if stored == "" {
		return "{}"
	}
	return stored
}

// ExportContacts orders a file of contacts.
func (d *Desk) ExportContacts(ctx context.Context, in ContactExport) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("desk: export job: %w", err)
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		return tx.InsertJob(ctx, store.Job{Kind: JobContactExport, Lane: store.LaneBulk, AccountID: in.AccountID, Payload: payload})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// contactExport carries out JobContactExport. The file that the account has exported before stays
// until this one is whole.
func (d *Desk) contactExport(ctx context.Context, j store.Job) error {
	var in ContactExport
	if err := readJob(j, &in); err != nil {
		return err
	}
	scope, err := d.Store.ScopeOf(ctx, in.AccountID, 0)
	if err != nil {
		return gone(err)
	}
	f, err := d.exportFilter(ctx, in, chat.Features(scope.Features))
	if refused, ok := errors.AsType[*chat.Error](err); ok {
		return Declined{fmt.Errorf("desk: export of contacts: %w", refused)} // whoever asked is not told, as clients are used to
	}
	if err != nil {
		return err
	}
	columns := exportDefault
	if len(in.Columns) > 0 {
		columns = nil
		for _, c := range in.Columns {
			if exportColumns[c] != nil && !slices.Contains(columns, c) {
				columns = append(columns, c)
			}
		}
	}
	file, err := d.writeCSV(ctx, files.NewFile{
		AccountID: in.AccountID, Filename: fmt.Sprintf("%s_%d_contacts.csv", scope.Name, in.AccountID), ContentType: "text/csv",
	}, func(write func(record []string) error) error { return d.exportRows(ctx, f, columns, write) })
	if err != nil {
		return err
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		if err := tx.SetContactsExport(ctx, in.AccountID, file.ID); err != nil {
			return err
		}
		return orderContactMail(ctx, tx, contactMail{Kind: mailExport, AccountID: in.AccountID, UserID: in.UserID, BlobID: file.ID})
	})
	if err == nil {
		d.WakeJobs()
	}
	return gone(err)
}

// exportFilter finds the contacts that an export is about. A *chat.Error: its conditions are
// none.
func (d *Desk) exportFilter(ctx context.Context, in ContactExport, features chat.Features) (store.ContactFilter, error) {
	f := store.ContactFilter{AccountID: in.AccountID, Resolution: store.ResolvedContacts}
	if features.Has("crm_v2") {
		f.Resolution = store.LeadContacts
	}
	defined, err := d.Store.FilterDefinitions(ctx, in.AccountID)
	if err != nil {
		return f, err
	}
	q, err := filter.Contacts.Parse(filter.Decode(in.Payload), defined, d.Now())
	if err != nil {
		return f, err
	}
	switch {
	case len(q.Any) > 0:
		f.Conditions = []store.Condition{store.ContactsMatching(q)}
	case in.Label != "":
		f.Labels = []string{in.Label}
	}
	return f, nil
}

// exportPage is how many contacts are read at once.
const exportPage = 1000

func (d *Desk) exportRows(ctx context.Context, f store.ContactFilter, columns []string, write func(record []string) error) error {
	if err := write(columns); err != nil {
		return err
	}
	record := make([]string, len(columns))
	for after := int64(0); ; {
		list, err := d.Store.ContactsAfter(ctx, f, after, exportPage)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, c := range list {
			for i, name := range columns {
				record[i] = exportColumns[name](c)
			}
			if err := write(record); err != nil {
				return err
			}
		}
		after = list[len(list)-1].ID
	}
}
