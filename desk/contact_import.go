package desk

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tributary/files"
	"tributary/store"
)

// JobContactImport takes the contacts of a file in.
const JobContactImport = "contacts.import"

const (
	// importChunk is how many rows are taken in one transaction.
	importChunk = 1000
	// importTries is how often the file is tried to be read, importWait apart.
	importTries = 3
	importWait  = time.Minute
)

// importJob is the payload of JobContactImport.
type importJob struct {
	ImportID int64 `json:"import_id"`
}

// ImportContacts orders that the contacts of a file, which nothing uses yet, are taken in.
// store.ErrNotFound when there is no such file.
func (d *Desk) ImportContacts(ctx context.Context, by Actor, accountID, blobID int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		id, err := tx.InsertContactImport(ctx, accountID, by.UserID, blobID)
		if err != nil {
			return err
		}
		payload, err := json.Marshal(importJob{ImportID: id})
		if err != nil {
			return fmt.Errorf("desk: import job: %w", err)
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: JobContactImport, Lane: store.LaneBulk, UniqueKey: JobContactImport + ":" + strconv.FormatInt(id, 10),
			AccountID: accountID, Payload: payload,
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// contactImport carries out JobContactImport: the whole file is checked before anything is taken
// of it, then it is taken chunk by chunk. What was done is stored with each chunk, so that the
// next run goes on behind it.
func (d *Desk) contactImport(ctx context.Context, j store.Job) error {
	var in importJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	state, err := d.Store.ContactImport(ctx, in.ImportID)
	if err != nil {
		return gone(err)
	}
	if state.Status == store.ImportCompleted || state.Status == store.ImportFailed {
		return d.dropFailures(ctx, state.ID)
	}
	file, _, err := d.Files.Open(ctx, state.BlobID)
	if err != nil {
		if j.Attempts+1 >= importTries {
			return errors.Join(Final{fmt.Errorf("desk: import %d: %w", state.ID, err)}, d.failImport(ctx, state.ID))
		}
		return After{Err: fmt.Errorf("desk: import %d: %w", state.ID, err), Wait: importWait}
	}
	defer func() { _ = file.Close() }()
	if state.CheckedAt == nil {
		if err := d.checkImport(ctx, &state, file); err != nil {
			if _, malformed := errors.AsType[*csv.ParseError](err); malformed {
				return d.failImport(ctx, state.ID)
			}
			return err
		}
	}
	if _, err := file.Seek(state.Position, io.SeekStart); err != nil {
		return fmt.Errorf("desk: import %d: %w", state.ID, err)
	}
	table := newTable(file, state.Position)
	err = d.inChunks(ctx, func() (bool, error) {
		from := table.position()
		rows, err := table.next(importChunk)
		if err != nil {
			return false, err
		}
		if len(rows) == 0 {
			return true, nil
		}
		return false, d.takeRows(ctx, share{state.ID, rows, from, table.position()})
	})
	if err != nil {
		return err
	}
	if err := d.finishImport(ctx, state.ID); err != nil {
		return err
	}
	return d.dropFailures(ctx, state.ID)
}

// checkImport reads the whole file, and notes its header and how many rows it has. A
// *csv.ParseError says that it is not well-formed.
func (d *Desk) checkImport(ctx context.Context, state *store.ContactImport, file io.Reader) error {
	r := newCSV(file)
	header, err := r.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	headers := make([]string, len(header))
	for i, h := range header {
		headers[i] = cell(h)
	}
	if len(headers) > 0 {
		headers[0] = strings.TrimPrefix(headers[0], "\ufeff") // the mark of the encoding
	}
	position := r.InputOffset()
	total := int64(0)
	for err == nil {
		if _, err = r.Read(); err == nil {
			total++
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	return d.again(ctx, func(tx *store.Tx) error {
		locked, err := tx.LockContactImport(ctx, state.ID)
		if err != nil {
			return err
		}
		if locked.CheckedAt == nil {
			now := tx.Now.UnixMicro()
			locked.Status, locked.CheckedAt, locked.Headers, locked.Total, locked.Position = store.ImportProcessing, &now, headers, total, position
			if err := tx.UpdateContactImport(ctx, locked); err != nil {
				return err
			}
		}
		*state = locked
		return nil
	})
}

// failImport ends an import whose file cannot be read, and tells the administrators.
func (d *Desk) failImport(ctx context.Context, id int64) error {
	return d.endImport(ctx, id, func(ctx context.Context, tx *store.Tx, state *store.ContactImport) error {
		state.Status = store.ImportFailed
		return d.orderImportMails(ctx, tx, contactMail{Kind: mailImportFailed, AccountID: state.AccountID, ImportID: id})
	})
}

// finishImport ends an import all of whose rows are done with: those that were not taken become a
// file, and the administrators hear how many there were.
func (d *Desk) finishImport(ctx context.Context, id int64) error {
	state, err := d.Store.ContactImport(ctx, id)
	if err != nil {
		return gone(err)
	}
	report := int64(0)
	if state.Failed > 0 && state.FailedBlobID == 0 {
		f, err := d.failureReport(ctx, state)
		if err != nil {
			return err
		}
		report = f.ID
	}
	return d.endImport(ctx, id, func(ctx context.Context, tx *store.Tx, state *store.ContactImport) error {
		state.Status, state.Total = store.ImportCompleted, state.Processed+state.Failed
		if report != 0 {
			if err := tx.AttachBlob(ctx, state.AccountID, report); err != nil {
				return err
			}
			state.FailedBlobID = report
		}
		return d.orderImportMails(ctx, tx, contactMail{
			Kind: mailImportDone, AccountID: state.AccountID, ImportID: id, Imported: state.Processed, Failed: state.Failed, BlobID: report,
		})
	})
}

// endImport ends an import that has not ended.
func (d *Desk) endImport(ctx context.Context, id int64, end func(context.Context, *store.Tx, *store.ContactImport) error) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		state, err := tx.LockContactImport(ctx, id)
		if err != nil {
			return err
		}
		if state.Status == store.ImportCompleted || state.Status == store.ImportFailed {
			return nil
		}
		if err := end(ctx, tx, &state); err != nil {
			return err
		}
		now := tx.Now.UnixMicro()
		state.FinishedAt = &now
		return tx.UpdateContactImport(ctx, state)
	})
	if err == nil {
		d.WakeJobs()
	}
	return gone(err)
}

// failureReport makes the file of the rows that were not taken: their columns, and why.
func (d *Desk) failureReport(ctx context.Context, state store.ContactImport) (files.File, error) {
	return d.writeCSV(ctx, files.NewFile{
		AccountID: state.AccountID, Filename: d.Now().UTC().Format("20060102") + "_contacts.csv", ContentType: "text/csv",
	}, func(write func(record []string) error) error {
		if err := write(append(state.Headers, "errors")); err != nil {
			return err
		}
		for after := int64(0); ; {
			list, err := d.Store.ImportFailures(ctx, state.ID, after, importChunk)
			if err != nil || len(list) == 0 {
				return err
			}
			for _, f := range list {
				record := f.Record
				for len(record) < len(state.Headers) {
					record = append(record, "")
				}
				if err := write(append(record, f.Errors)); err != nil {
					return err
				}
				after = f.Row
			}
		}
	})
}

// maxCSV is the longest file that the desk writes, in bytes.
const maxCSV = 4 << 30

// writeCSV stores a file while it is written.
func (d *Desk) writeCSV(ctx context.Context, n files.NewFile, fill func(write func(record []string) error) error) (files.File, error) {
	from, to := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w := csv.NewWriter(to)
		err := fill(w.Write)
		w.Flush()
		if err == nil {
			err = w.Error()
		}
		_ = to.CloseWithError(err) // it gives no error
	}()
	n.Reader, n.MaxBytes = from, maxCSV
	f, err := d.Files.Create(ctx, n)
	_ = from.Close() // it gives no error, and ends a writer whose file was refused
	<-done
	return f, err
}

// dropFailures forgets the rows that are in the report now.
func (d *Desk) dropFailures(ctx context.Context, id int64) error {
	return d.inChunks(ctx, func() (bool, error) { return d.Store.DropImportFailures(ctx, id, importChunk) })
}

// table reads the rows of an import.
type table struct {
	r     *csv.Reader
	start int64 // byte of the file at which r begins
	ended bool
}

func newTable(file io.Reader, position int64) *table { return &table{r: newCSV(file), start: position} }

// newCSV reads records of any number of fields.
func newCSV(file io.Reader) *csv.Reader {
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	return r
}

// next reads up to n rows; none: the file is at its end.
func (t *table) next(n int) ([][]string, error) {
	var rows [][]string
	for len(rows) < n && !t.ended {
		record, err := t.r.Read()
		if errors.Is(err, io.EOF) {
			t.ended = true
			break
		}
		if err != nil {
			return nil, fmt.Errorf("desk: rows of an import: %w", err)
		}
		row := make([]string, len(record))
		for i, c := range record {
			row[i] = cell(c)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// position is the byte of the file behind what was read.
func (t *table) position() int64 { return t.start + t.r.InputOffset() }

// cell is a field of the file as UTF-8; what is none is taken out.
func cell(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
