package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const labelsOfContact = `SELECT label FROM contact_labels WHERE contact_id = $1 ORDER BY label`

// ContactLabels reads the labels of a contact in order.
func (s *Store) ContactLabels(ctx context.Context, contactID int64) ([]string, error) {
	return contactLabels(ctx, s.r, labelsOfContact, contactID)
}

func contactLabels(ctx context.Context, q queryer, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: contact labels: %w", err)
	}
	return collect(rows, "contact labels", func(l *string) []any { return []any{l} })
}

// SetContactLabels gives a contact these labels and no others. A label that the
// account has in another case already keeps its spelling. It gives the labels
// before and after, each in order.
func (t *Tx) SetContactLabels(ctx context.Context, accountID, contactID int64, labels []string) (before, after []string, err error) {
	if before, err = contactLabels(ctx, t.tx, labelsOfContact, contactID); err != nil {
		return nil, nil, err
	}
	known, err := contactLabels(ctx, t.tx, `SELECT DISTINCT l.label FROM `+t.s.d.rows("$2", "v text")+` CROSS JOIN contact_labels l
		WHERE l.account_id = $1 AND LOWER(l.label) = LOWER(x.v) ORDER BY l.label`, accountID, ids(labels))
	if err != nil {
		return nil, nil, err
	}
	for _, label := range labels {
		if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, label) }); i >= 0 {
			label = known[i]
		}
		if !slices.ContainsFunc(after, func(a string) bool { return strings.EqualFold(a, label) }) {
			after = append(after, label)
		}
	}
	slices.Sort(after)
	if slices.Equal(before, after) {
		return before, after, nil
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM contact_labels WHERE contact_id = $1`, contactID); err != nil {
		return nil, nil, fmt.Errorf("store: set contact labels: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO contact_labels (contact_id, account_id, label)
		SELECT CAST($2 AS BIGINT), CAST($3 AS BIGINT), x.v FROM `+t.s.d.rows("$1", "v text"), ids(after), contactID, accountID); err != nil {
		return nil, nil, fmt.Errorf("store: set contact labels: %w", err)
	}
	return before, after, nil
}
