package localq

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"tributary/queue"
	"tributary/queue/group"
)

func formatID(partition int, seq int64) string {
	return strconv.Itoa(partition) + "-" + strconv.FormatInt(seq, 10)
}

func parseID(id string) (partition int, seq int64, err error) {
	p, s, _ := strings.Cut(id, "-")
	if partition, err = strconv.Atoi(p); err == nil {
		seq, err = strconv.ParseInt(s, 10, 64)
	}
	if err != nil || partition < 0 || seq <= 0 {
		return 0, 0, fmt.Errorf("localq: entry %q: %w", id, queue.ErrNotFound)
	}
	return partition, seq, nil
}

func sizeOf(r *queue.Record) int32 { return int32(group.Size(r)) }

// scanEntries reads rows of seq, at, key, channel, payload, attempts.
func scanEntries(rows *sql.Rows, partition int, state string) ([]queue.Entry, []int64, error) {
	defer rows.Close()
	var entries []queue.Entry
	var seqs []int64
	for rows.Next() {
		var seq, at int64
		e := queue.Entry{State: state}
		if err := rows.Scan(&seq, &at, &e.Key, &e.Channel, &e.Payload, &e.Attempts); err != nil {
			return nil, nil, unavailable(err)
		}
		e.ID, e.Partition, e.AppendedAt = formatID(partition, seq), partition, fromMicros(at)
		entries = append(entries, e)
		seqs = append(seqs, seq)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, unavailable(err)
	}
	return entries, seqs, nil
}
