package desk_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"tributary/desk"
	"tributary/internal/httpx"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// wearing makes a bot of the account, 0: of the installation, whose picture is to be
// fetched.
func (w *world) wearing(account int64, address string) int64 {
	w.t.Helper()
	b := store.AgentBotRow{AvatarFrom: &address}
	if account != 0 {
		b.AccountID = &account
	}
	bot, err := w.desk.CreateBot(w.t.Context(), b, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return bot
}

func TestBotAvatar(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{hosts: map[string]http.HandlerFunc{}}
		var meanwhile atomic.Value // a func(), what happens while a picture is on its way
		o.serve("cdn.example.test", func(out http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/page":
				gives("image/png", []byte("<html>no picture</html>"))(out, r)
			case "/big":
				gives("image/png", append(pngOf(t, 1, 1), make([]byte, 15<<20)...))(out, r)
			case "/gone":
				http.NotFound(out, r)
			case "/moved":
				http.Redirect(out, r, "https://cdn.example.test/one", http.StatusFound)
			case "/raced":
				meanwhile.Load().(func())()
				gives("image/png", pngOf(t, 9, 9))(out, r)
			default:
				gives("image/png", pngOf(t, 9, 9))(out, r)
			}
		})
		state := func(bot int64) string {
			return fmt.Sprintf(`SELECT CASE WHEN avatar_blob_id IS NULL THEN 'none' ELSE 'set' END || ' ' || COALESCE(avatar_from, 'fetched') FROM agent_bots WHERE id = %d`, bot)
		}
		picture := func(bot int64) int64 {
			row, err := w.store.AgentBot(t.Context(), w.account, bot)
			if err != nil {
				t.Fatal(err)
			}
			return row.AvatarBlobID
		}
		change := func(bot int64, address string) {
			err := w.desk.ChangeBot(t.Context(), w.account, bot, 0, func(b *store.AgentBotRow) error {
				b.AvatarFrom = &address
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		robot, system := w.wearing(w.account, "https://cdn.example.test/one"), w.wearing(0, "https://cdn.example.test/moved")
		w.want(state(robot), "none https://cdn.example.test/one")
		runner := w.fetching(o)
		w.fetched(runner)
		w.want(state(robot), "set fetched")
		w.want(state(system), "set fetched")
		w.want(fmt.Sprintf(`SELECT COALESCE(b.account_id, 0) || '' FROM blobs b JOIN agent_bots a ON a.avatar_blob_id = b.id AND a.id = %d`, robot), fmt.Sprint(w.account))
		first := picture(robot)

		// The same address again is another picture.
		change(robot, "https://cdn.example.test/one")
		w.fetched(runner)
		if now := picture(robot); now == first || now == 0 {
			t.Errorf("picture %d after %d", now, first)
		}
		first = picture(robot)

		// What cannot be had leaves the old one, and is not tried for ever.
		for _, path := range []string{"/page", "/big", "/gone"} {
			change(robot, "https://cdn.example.test"+path)
			w.fetched(runner)
			w.want(state(robot), "set fetched")
			if now := picture(robot); now != first {
				t.Errorf("%s: picture %d, want %d", path, now, first)
			}
		}

		// What somebody chose meanwhile counts.
		meanwhile.Store(func() { change(robot, "https://cdn.example.test/two") })
		change(robot, "https://cdn.example.test/raced")
		w.fetched(runner)
		w.want(state(robot), "set fetched")
		if n := len(o.called("cdn.example.test")); n != 9 {
			t.Errorf("%d calls", n)
		}
		meanwhile.Store(func() {
			if err := w.desk.RemoveBotAvatar(t.Context(), w.account, robot); err != nil {
				t.Error(err)
			}
		})
		change(robot, "https://cdn.example.test/raced")
		w.fetched(runner)
		w.want(state(robot), "none fetched")
		meanwhile.Store(func() {
			if err := w.desk.DeleteBot(t.Context(), w.account, robot); err != nil {
				t.Error(err)
			}
		})
		change(robot, "https://cdn.example.test/raced")
		w.fetched(runner)
		w.want(`SELECT COUNT(*) || '' FROM blobs WHERE expires_unattached_at IS NULL`, "1") // the system bot's
	})
}

// A picture is fetched from outside only: never from where this machine alone can
// look.
func TestBotAvatarIsGuarded(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inside := httptest.NewServer(gives("image/png", pngOf(t, 9, 9)))
		defer inside.Close()
		w.env.Guarded = httpx.NewGuarded(false)
		fetch := desk.NewFetcher(w.desk, w.env, 0).Handlers()[desk.JobBotAvatar]
		bot := w.wearing(w.account, inside.URL+"/me.png")
		jobs, err := w.store.ClaimJobs(t.Context(), store.LaneMedia, "test", time.Minute, 10)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("jobs %v, %v", jobs, err)
		}
		if err := fetch(t.Context(), jobs[0]); !errors.Is(err, httpx.ErrForbidden) {
			t.Errorf("fetched: %v", err)
		}
		w.want(fmt.Sprintf(`SELECT COALESCE(avatar_blob_id, 0) || COALESCE(avatar_from, ' given up') FROM agent_bots WHERE id = %d`, bot), "0 given up")
	})
}
