package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"

	"tributary/channels"
	"tributary/channels/all"
	"tributary/internal/httpx"
	"tributary/mail"
	"tributary/store"
)

// Free space below which the operator has to act.
const (
	diskWarning = 2 << 30
	diskWrong   = 256 << 20
)

func (d *doctor) checkDataDir(_ context.Context, report func(Verdict, string, string)) {
	dir := d.cfg.DataDir
	info, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		report(Fine, dir+" is made at the first start", "")
		return
	}
	if err != nil || !info.IsDir() {
		report(Wrong, dir+" cannot be read, or is no directory", "correct DATA_DIR")
		return
	}
	wrong := false
	say := func(v Verdict, what, do string) {
		wrong = true
		report(v, what, do)
	}
	if f, err := os.CreateTemp(dir, ".doctor-*"); err != nil {
		say(Wrong, dir+" cannot be written by this user", "run this as the user that serves, or give the directory to that user")
	} else {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
	if info.Mode().Perm()&0o007 != 0 {
		say(Warning, fmt.Sprintf("everybody on this machine may enter %s (%04o)", dir, info.Mode().Perm()), "chmod 750 "+dir)
	}
	for _, path := range []string{keyPath(&d.cfg), previousKeyPath(&d.cfg)} {
		if key, err := os.Stat(path); err == nil && key.Mode().Perm()&0o077 != 0 {
			say(Wrong, fmt.Sprintf("others may read %s (%04o)", filepath.Base(path), key.Mode().Perm()), "chmod 600 "+path)
		}
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err == nil {
		free := fs.Bavail * uint64(fs.Bsize) //nolint:gosec // the size of a block is positive
		left := humanize.IBytes(free) + " free"
		switch {
		case free < diskWrong:
			say(Wrong, left+": nothing can be stored soon", "make room, or move DATA_DIR")
		case free < diskWarning:
			say(Warning, left, "make room, or move DATA_DIR")
		case !wrong:
			report(Fine, left, "")
		}
	}
}

// networkFileSystem names the file system of a folder when it is one of those on which
// SQLite's locks do not hold.
func networkFileSystem(dir string) (name string, remote bool) {
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil {
		return "", false
	}
	name, remote = map[int64]string{
		0x6969: "NFS", 0xff534d42: "CIFS", 0xfe534d42: "SMB", 0x517b: "SMB", 0x01021997: "9P", 0x65735546: "FUSE", 0x00c36400: "Ceph",
	}[int64(fs.Type)] //nolint:unconvert // it is an int32 on some machines
	return name, name != "" || remote
}

func (d *doctor) checkSpool(ctx context.Context, report func(Verdict, string, string)) {
	if d.cfg.RedisURL == "" || !exists(filepath.Join(d.cfg.DataDir, "spool.db")) {
		report(Fine, "none here", "")
		return
	}
	if d.control == nil {
		report(Warning, "no process serves here: what the spool holds waits for one", "start the edge that has this DATA_DIR")
		return
	}
	var depth int64
	switch err := d.control.ask(ctx, http.MethodGet, "/spool", nil, &depth); {
	case err != nil:
		report(Warning, err.Error(), "restart the process that serves here")
	case depth > 0:
		report(Warning, fmt.Sprintf("%d webhooks wait in the spool", depth), "see that Redis answers; they are forwarded by themselves")
	default:
		report(Fine, "empty", "")
	}
}

// socketsExpected is how many connections from outside a process should be able to have
// beside those that it makes itself.
const socketsExpected = 4096

func (d *doctor) checkOpenFiles(_ context.Context, report func(Verdict, string, string)) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return
	}
	own := uint64(d.cfg.DatabaseConns+d.cfg.Partitions) + 256 //nolint:gosec // both are checked to be positive
	what := fmt.Sprintf("%d files may be open; the process itself needs about %d", limit.Max, own)
	switch do := "raise it (LimitNOFILE= of systemd, ulimit -n): every client and every call is one"; {
	case limit.Max < own+256:
		report(Wrong, what, do)
	case limit.Max < own+socketsExpected:
		report(Warning, what, do)
	default:
		report(Fine, what, "")
	}
}

// certificateWarning is how long before its end a certificate should have been renewed.
const certificateWarning = 14 * 24 * time.Hour

// checkPublicAddress asks FRONTEND_URL who answers there.
func (d *doctor) checkPublicAddress(ctx context.Context, report func(Verdict, string, string)) {
	if d.cfg.FrontendURL == "" {
		return
	}
	u, err := url.Parse(d.cfg.FrontendURL)
	if err != nil {
		return // LoadConfig has read it
	}
	client := httpx.NewProvider()
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.Scheme+"://"+u.Host+"/livez", nil)
	if err != nil {
		report(Wrong, "FRONTEND_URL cannot be called: "+err.Error(), "correct it")
		return
	}
	before := time.Now()
	res, err := httpx.Do(client, req)
	if err != nil {
		report(Wrong, "FRONTEND_URL does not answer: "+err.Error(),
			"see that the name leads here, that the proxy runs and has a good certificate, and that `tributary serve` runs")
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	_ = res.Body.Close()
	took := time.Since(before)
	wrong := false
	say := func(v Verdict, what, do string) {
		wrong = wrong || v != Fine
		report(v, what, do)
	}
	name := res.Header.Get(InstallationHeader)
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		say(Wrong, fmt.Sprintf("FRONTEND_URL redirects (%d): providers do not follow", res.StatusCode), "set FRONTEND_URL to where it leads")
	case res.StatusCode != http.StatusOK:
		say(Wrong, fmt.Sprintf("FRONTEND_URL answers with HTTP status %d", res.StatusCode),
			"see that the proxy passes every path on, and that `tributary serve` runs")
	case name == "":
		say(Wrong, "something else answers at FRONTEND_URL", "see where the name and the proxy lead")
	case d.store != nil && d.stored != nil && !slices.Contains(installationNames(d.store), name):
		say(Wrong, "another installation answers at FRONTEND_URL", "see where the name and the proxy lead, or correct FRONTEND_URL")
	}
	if res.TLS != nil && len(res.TLS.PeerCertificates) > 0 {
		ends := res.TLS.PeerCertificates[0].NotAfter
		if left := time.Until(ends); left < certificateWarning {
			say(Warning, fmt.Sprintf("the certificate ends in %d days", int(left.Hours()/24)), "renew it: providers stop calling when it has ended")
		}
	}
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		sayClock(say, "FRONTEND_URL", at, before.Add(took/2), time.Second+took/2)
	}
	if !wrong {
		report(Fine, "this installation answers", "")
	}
}

func (d *doctor) checkMail(ctx context.Context, report func(Verdict, string, string)) {
	server := mail.New(d.setting, d.cfg.Now)
	if !server.Configured() {
		report(Warning, "none: mails to users are held for the operator", "set SMTP_ADDRESS, or read them with `tributary mails`")
		return
	}
	if err := server.Check(ctx, checkTimeout); err != nil {
		report(Wrong, err.Error(), "see the SMTP_ variables in docs/configuration.md")
		return
	}
	if d.setting("SMTP_OPENSSL_VERIFY_MODE") == "none" {
		report(Warning, "it lets us in, but any certificate is taken (SMTP_OPENSSL_VERIFY_MODE=none)", "take it away")
		return
	}
	report(Fine, "it lets us in", "")
}

// channelSettings are the stored settings of all channels.
func (d *doctor) channelSettings() []json.RawMessage {
	if d.store == nil || d.stored == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	list, err := d.store.Channels(ctx)
	if err != nil {
		return nil
	}
	out := make([]json.RawMessage, len(list))
	for i := range list {
		out[i] = list[i].Settings
	}
	return out
}

// callsAtOnce bounds how many providers are asked at a time.
const callsAtOnce = 8

// checkChannels asks the provider of every channel whether it takes the credentials.
func (d *doctor) checkChannels(ctx context.Context, report func(Verdict, string, string)) {
	if d.store == nil || d.stored == nil {
		return
	}
	list, err := d.store.Channels(ctx)
	if err != nil {
		report(Wrong, err.Error(), "see `tributary secrets status`")
		return
	}
	env := &channels.Env{
		Setting: d.setting, PublicURL: d.cfg.FrontendURL, HTTP: httpx.NewProvider(), Guarded: httpx.NewGuarded(d.cfg.AllowPrivate),
		Dial: httpx.NewGuardedDialer(d.cfg.AllowPrivate).DialContext, Now: d.cfg.Now, Log: slog.New(slog.DiscardHandler),
	}
	drivers := map[string]channels.Driver{}
	for _, driver := range all.New(env) {
		drivers[driver.Info().ChannelType] = driver
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	say := func(v Verdict, what, do string) {
		mu.Lock()
		defer mu.Unlock()
		report(v, what, do)
	}
	places, asked, good := make(chan struct{}, callsAtOnce), 0, 0
	for _, row := range list {
		what := fmt.Sprintf("inbox %d (%s, %s)", row.InboxID, row.InboxName, strings.TrimPrefix(row.Type, "Channel::"))
		fine := true
		if row.ReauthorizationRequired {
			say(Wrong, what+": the provider has refused its credentials", "an administrator has to connect it again in the inbox's settings")
			fine = false
		}
		if row.Registration == "failed" {
			say(Wrong, what+": our webhook could not be installed: "+row.RegistrationError, "correct what the provider says, then save the inbox")
			fine = false
		}
		if row.RegistrationIncomplete {
			say(Warning, what+": the number is not live yet", fmt.Sprintf("`tributary health %d` says what is missing", row.InboxID))
		}
		inspector, ok := drivers[row.Type].(channels.Inspector)
		if !ok || !fine {
			continue
		}
		asked++
		group.Go(func() {
			places <- struct{}{}
			err := inspect(ctx, drivers[row.Type], inspector, row)
			<-places
			if err != nil {
				say(Wrong, what+": "+err.Error(), "enter its credentials again in the inbox's settings")
				return
			}
			mu.Lock()
			defer mu.Unlock()
			good++
		})
	}
	group.Wait()
	report(Fine, fmt.Sprintf("%d channels; %d of %d providers that can be asked take their credentials", len(list), good, asked), "")
}

func inspect(ctx context.Context, driver channels.Driver, inspector channels.Inspector, row store.ChannelRow) error {
	config, err := driver.Parse(row.Settings)
	if err != nil {
		return err
	}
	return inspector.Inspect(ctx, &channels.Channel{
		ID: row.ID, AccountID: row.AccountID, InboxID: row.InboxID, Type: row.Type, Settings: row.Settings, Config: config,
	})
}
