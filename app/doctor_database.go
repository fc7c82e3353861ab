package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/queue/redisq"
)

func databasePath(c *Config) string { return filepath.Join(c.DataDir, "tributary.db") }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Clocks that differ by more than this make leases, sessions and signatures end at the
// wrong time.
const (
	clockWarning = 2 * time.Second
	clockWrong   = 30 * time.Second
)

// sayClock compares a clock with this machine's; asked is when it was read.
func sayClock(report func(Verdict, string, string), whose string, theirs, asked time.Time, precision time.Duration) {
	off := theirs.Sub(asked)
	away := max(off.Abs()-precision, 0)
	verdict, do := Fine, ""
	switch {
	case away > clockWrong:
		verdict, do = Wrong, "run a time service (chrony, systemd-timesyncd) on both machines"
	case away > clockWarning:
		verdict, do = Warning, "run a time service (chrony, systemd-timesyncd) on both machines"
	}
	if verdict != Fine {
		report(verdict, fmt.Sprintf("the clock of %s is %s from this machine's", whose, off.Round(100*time.Millisecond)), do)
	}
}

func (d *doctor) checkDatabase(ctx context.Context, report func(Verdict, string, string)) {
	if d.store == nil {
		switch {
		case d.openErr != nil:
			report(Wrong, d.openErr.Error(), "start it, or correct DATABASE_URL")
		case d.cfg.Embedded():
			report(Fine, "none yet: it is made at the first start", "")
		default:
			report(Wrong, "not asked, since there is no secret key", "set SECRET_KEY_BASE")
		}
		return
	}
	before := time.Now()
	f, err := d.store.Facts(ctx)
	if err != nil {
		report(Wrong, err.Error(), "start it, or correct DATABASE_URL")
		return
	}
	asked := before.Add(time.Since(before) / 2)
	if d.cfg.Embedded() {
		d.saySQLite(f.Version, f.Settings, report)
		return
	}
	wrong := false
	say := func(v Verdict, what, do string) {
		wrong = wrong || v != Fine
		report(v, what, do)
	}
	if n, _ := strconv.Atoi(f.Settings["server_version_num"]); n < 140000 {
		say(Wrong, "PostgreSQL "+f.Version+" is too old", "use 14 or newer")
	}
	if f.Standby {
		say(Wrong, "this PostgreSQL only follows another one: nothing can be written", "let DATABASE_URL name the primary")
	}
	if f.Settings["fsync"] == "off" {
		say(Wrong, "fsync is off: a power cut may destroy the database", "set fsync = on")
	}
	if f.Settings["full_page_writes"] == "off" {
		say(Warning, "full_page_writes is off: a power cut may destroy pages", "set it to on, unless the file system writes pages as a whole")
	}
	if v := f.Settings["synchronous_commit"]; v == "off" {
		say(Wrong, "synchronous_commit is off: what was answered may be gone after a crash, and an event applied be acknowledged", "set synchronous_commit = on")
	}
	d.sayConnections(f.Settings, f.Connections, say)
	sayClock(say, "the database", f.Now, asked, time.Since(before)/2)
	if !wrong {
		report(Fine, fmt.Sprintf("PostgreSQL %s; %d connections are open", f.Version, f.Connections), "")
	}
}

func (d *doctor) sayConnections(settings map[string]string, open int, say func(Verdict, string, string)) {
	most, _ := strconv.Atoi(settings["max_connections"])
	reserved, _ := strconv.Atoi(settings["superuser_reserved_connections"])
	free := most - reserved
	switch {
	case d.cfg.DatabaseConns > free:
		say(Wrong, fmt.Sprintf("DATABASE_CONNECTIONS is %d, and the database has %d for everybody", d.cfg.DatabaseConns, free),
			"raise max_connections, or lower DATABASE_CONNECTIONS")
	case open+d.cfg.DatabaseConns > free:
		say(Warning, fmt.Sprintf("%d of %d connections are open, and a process may take %d", open, free, d.cfg.DatabaseConns),
			"raise max_connections above the sum of DATABASE_CONNECTIONS of all processes")
	}
}

func (d *doctor) saySQLite(version string, settings map[string]string, report func(Verdict, string, string)) {
	if !strings.EqualFold(settings["journal_mode"], "wal") || settings["synchronous"] != "2" {
		report(Wrong, fmt.Sprintf("journal_mode is %s, synchronous %s, where WAL and 2 are expected: the file system may not be able to share memory",
			settings["journal_mode"], settings["synchronous"]), "move DATA_DIR to a local disk")
		return
	}
	if name, remote := networkFileSystem(d.cfg.DataDir); remote {
		report(Wrong, "the database is on "+name+", where locks do not hold", "move DATA_DIR to a local disk")
		return
	}
	holder := "no process serves"
	if d.serves() {
		holder = "one process serves"
	}
	report(Fine, "SQLite "+version+", "+holder, "")
}

func (d *doctor) checkMigrations(ctx context.Context, report func(Verdict, string, string)) {
	if d.store == nil {
		return
	}
	switch done, err := d.store.Migrated(ctx); {
	case err != nil:
		report(Wrong, err.Error(), "mend the database first")
	case !done:
		report(Wrong, "the schema is of an older version", "run `tributary migrate`, or start this version")
	default:
		report(Fine, "the schema is current", "")
	}
}

// checkQueue asks Redis; the embedded queue lies in the data directory.
func (d *doctor) checkQueue(ctx context.Context, report func(Verdict, string, string)) {
	if d.cfg.RedisURL == "" {
		report(Fine, "embedded, in DATA_DIR", "")
		return
	}
	client, err := redisq.NewClient(d.cfg.RedisURL, 1)
	if err != nil {
		report(Wrong, err.Error(), "correct REDIS_URL")
		return
	}
	defer func() { _ = client.Close() }()
	before := time.Now()
	now, err := client.Time(ctx).Result()
	if err != nil {
		report(Wrong, "Redis does not answer: "+err.Error(), "start it, or correct REDIS_URL")
		return
	}
	took := time.Since(before)
	text, err := client.Info(ctx).Result()
	if err != nil {
		report(Warning, "INFO is refused: "+err.Error(), "allow the user of REDIS_URL the command INFO, to have persistence checked")
		return
	}
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[k] = v
		}
	}
	wrong := false
	say := func(v Verdict, what, do string) {
		wrong = wrong || v != Fine
		report(v, what, do)
	}
	if olderThan(info["redis_version"], 6, 2) {
		say(Wrong, "Redis "+info["redis_version"]+" is too old", "use 6.2 or newer")
	}
	if info["role"] == "slave" {
		say(Wrong, "this Redis only follows another one: nothing can be written", "let REDIS_URL name the primary, or the Sentinels")
	}
	sayPersistence(ctx, client, info, say)
	sayMemory(ctx, client, info, say)
	sayClock(say, "Redis", now, before.Add(took/2), took/2)
	if !wrong {
		report(Fine, fmt.Sprintf("Redis %s, append-only file on, %s used", info["redis_version"], info["used_memory_human"]), "")
	}
}

func olderThan(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false // a server that does not say is not judged
	}
	a, _ := strconv.Atoi(parts[0])
	b, _ := strconv.Atoi(parts[1])
	return a < major || a == major && b < minor
}

// configured reads a parameter of Redis; ok is false where that is not allowed.
func configured(ctx context.Context, c redis.UniversalClient, name string) (value string, ok bool) {
	m, err := c.ConfigGet(ctx, name).Result()
	if err != nil {
		return "", false
	}
	value, ok = m[name]
	return value, ok
}

func sayPersistence(ctx context.Context, c redis.UniversalClient, info map[string]string, say func(Verdict, string, string)) {
	if info["aof_enabled"] != "1" {
		save, known := configured(ctx, c, "save")
		if known && save == "" {
			say(Wrong, "Redis keeps nothing on disk: what was answered 200 is gone when it restarts", "set appendonly yes and appendfsync always")
			return
		}
		say(Warning, "Redis keeps snapshots only: what was answered 200 since the last one is gone when it restarts", "set appendonly yes and appendfsync always")
		return
	}
	if info["aof_last_write_status"] == "err" {
		say(Wrong, "Redis cannot write its append-only file", "look at its log; the disk may be full")
	}
	switch v, ok := configured(ctx, c, "appendfsync"); {
	case !ok:
		say(Warning, "appendfsync cannot be read", "see that it is always")
	case v == "no":
		say(Warning, "appendfsync is no: a power cut may lose many seconds of what was answered 200", "set appendfsync always")
	case v == "everysec":
		say(Warning, "appendfsync is everysec: a power cut may lose a second or two of what was answered 200", "set appendfsync always")
	}
}

func sayMemory(ctx context.Context, c redis.UniversalClient, info map[string]string, say func(Verdict, string, string)) {
	most, _ := strconv.ParseFloat(info["maxmemory"], 64)
	used, _ := strconv.ParseFloat(info["used_memory"], 64)
	policy := info["maxmemory_policy"]
	if policy == "" {
		policy, _ = configured(ctx, c, "maxmemory-policy")
	}
	if most == 0 {
		return
	}
	if policy != "noeviction" {
		say(Wrong, "maxmemory is set with maxmemory-policy "+policy+": Redis may throw events away that were answered 200", "set maxmemory-policy noeviction")
	}
	switch share := used / most; {
	case share > 0.95:
		say(Wrong, fmt.Sprintf("Redis has used %.0f %% of maxmemory", 100*share), "raise maxmemory, or lower QUEUE_RETENTION and QUEUE_MAX_BYTES")
	case share > 0.8:
		say(Warning, fmt.Sprintf("Redis has used %.0f %% of maxmemory", 100*share), "raise maxmemory, or lower QUEUE_RETENTION and QUEUE_MAX_BYTES")
	}
}
