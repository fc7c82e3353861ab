package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func botCases() []Case {
	return []Case{
		{"agent bots", []string{
			"Tx.InsertAgentBot", "Tx.LockAgentBot", "Tx.UpdateAgentBot", "Store.AgentBot", "Store.AgentBots", "Store.BotViews",
		}, testAgentBots},
		{"bots of inboxes", []string{
			"Tx.LinkAgentBot", "Tx.UnlinkAgentBot", "Store.AgentBotOfInbox", "Store.BotLinked", "Tx.HoldAgentBot", "Tx.HoldInbox",
		}, testBotLinks},
		{"a deleted bot", []string{"Tx.DeleteAgentBot", "Store.ClearBotMessages"}, testDeletedBot},
		{"pictures of bots", []string{"Store.BotPicture", "Tx.SetBotPicture", "Tx.SetAvatar"}, testBotPictures},
	}
}

// bot makes a bot of an account, 0: of the installation.
func (w *World) bot(account int64, name string) int64 {
	w.t.Helper()
	b := store.AgentBotRow{Name: &name}
	if account != 0 {
		b.AccountID = &account
	}
	return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertAgentBot(ctx, b) })
}

func (w *World) linkBot(l Line, bot int64) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.LinkAgentBot(ctx, l.Account, l.Inbox, bot) })
}

// written stores a message of a bot.
func (w *World) written(c Chat, bot int64) int64 {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.InsertWritten(ctx, store.Written{
			AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation, Type: int(chat.Outgoing), SenderType: store.OwnerBot, SenderID: bot,
		})
	})
}

func testAgentBots(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	mine, system := w.bot(w.Mine.Account, "mine"), w.bot(0, "system")
	theirs := w.bot(w.Theirs.Account, "theirs")
	token := func(bot int64) string {
		t.Helper()
		token, err := w.AccessToken(ctx, store.OwnerBot, bot)
		noErr(t, "AccessToken", err)
		return token
	}
	own := store.AgentBotRow{ID: mine, AccountID: &w.Mine.Account, Name: ptr("mine"), BotConfig: "{}", AccessToken: token(mine)}
	installed := store.AgentBotRow{ID: system, Name: ptr("system"), BotConfig: "{}"}
	list, err := w.AgentBots(ctx, w.Mine.Account)
	noErr(t, "AgentBots", err)
	want(t, "AgentBots", list, []store.AgentBotRow{own, installed})
	for id, expected := range map[int64]store.AgentBotRow{mine: own, system: installed} {
		got, err := w.AgentBot(ctx, w.Mine.Account, id)
		noErr(t, "AgentBot", err)
		want(t, "AgentBot", got, expected)
	}
	_, err = w.AgentBot(ctx, w.Mine.Account, theirs)
	wantErr(t, "AgentBot of others", err, store.ErrNotFound)
	for bot, name := range map[int64]string{mine: "mine", system: "system"} {
		holder, err := w.HolderOfToken(ctx, token(bot))
		noErr(t, "HolderOfToken", err)
		want(t, "HolderOfToken", holder, store.TokenHolder{OwnerType: store.OwnerBot, OwnerID: bot, Name: name, UISettings: "{}"})
	}

	w.do(func(ctx context.Context, tx *store.Tx) error {
		b, err := tx.LockAgentBot(ctx, w.Mine.Account, mine)
		if err != nil {
			return err
		}
		unread := own
		unread.AccessToken = ""
		want(t, "LockAgentBot", b, unread)
		b.Name, b.Description, b.OutgoingURL, b.BotConfig, b.AvatarFrom = nil, ptr("d"), ptr("https://x"), `{"b":1,"a":2}`, ptr("https://y")
		if err := tx.UpdateAgentBot(ctx, b); err != nil {
			return err
		}
		b, err = tx.LockAgentBot(ctx, 0, system)
		want(t, "LockAgentBot of the installation", b, installed)
		return err
	})
	own.Name, own.Description, own.OutgoingURL, own.BotConfig, own.AvatarFrom = nil, ptr("d"), ptr("https://x"), `{"b":1,"a":2}`, ptr("https://y")
	got, err := w.AgentBot(ctx, w.Mine.Account, mine)
	noErr(t, "AgentBot", err)
	want(t, "a changed bot", got, own)
	for _, c := range []struct{ account, id int64 }{{w.Mine.Account, theirs}, {w.Mine.Account, system}, {0, mine}, {w.Mine.Account, 999}} {
		w.fails("LockAgentBot", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.LockAgentBot(ctx, c.account, c.id)
			return err
		})
	}
	views, err := w.BotViews(ctx, []int64{theirs, mine, 999})
	noErr(t, "BotViews", err)
	want(t, "BotViews", views, map[int64]store.BotView{mine: {ID: mine}, theirs: {ID: theirs, Name: ptr("theirs")}})
	views, err = w.BotViews(ctx, nil)
	noErr(t, "BotViews", err)
	want(t, "no BotViews", len(views), 0)
}

func testBotLinks(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "m")
	theirs := w.line(w.Theirs.Account, "t")
	bot, second, system := w.bot(w.Mine.Account, "bot"), w.bot(w.Mine.Account, "second"), w.bot(0, "system")
	version := func() int64 { return w.number(`SELECT version FROM change_versions WHERE topic = 'channels'`) }
	active := func(l Line) bool {
		t.Helper()
		row, err := w.ChannelOfInbox(ctx, l.Inbox)
		noErr(t, "ChannelOfInbox", err)
		return row.BotActive
	}
	of := func(l Line) int64 {
		t.Helper()
		b, err := w.AgentBotOfInbox(ctx, l.Account, l.Inbox)
		noErr(t, "AgentBotOfInbox", err)
		return b.ID
	}
	linked := func(account, bot int64) bool {
		t.Helper()
		is, err := w.BotLinked(ctx, account, bot)
		noErr(t, "BotLinked", err)
		return is
	}
	_, err := w.AgentBotOfInbox(ctx, l.Account, l.Inbox)
	wantErr(t, "AgentBotOfInbox without one", err, store.ErrNotFound)
	want(t, "active without one", active(l), false)
	before := version()
	w.linkBot(l, bot)
	w.linkBot(theirs, system)
	want(t, "told", version() > before, true)
	want(t, "the bot", []any{of(l), of(theirs), active(l), active(other)}, []any{bot, system, true, false})
	want(t, "linked", []bool{linked(l.Account, bot), linked(l.Account, second), linked(l.Account, system), linked(theirs.Account, system), linked(theirs.Account, bot)},
		[]bool{true, false, false, true, false})
	_, err = w.AgentBotOfInbox(ctx, w.Theirs.Account, l.Inbox)
	wantErr(t, "AgentBotOfInbox of others", err, store.ErrNotFound)

	w.exec(`UPDATE agent_bot_inboxes SET status = 1 WHERE inbox_id = $1`, l.Inbox)
	want(t, "switched off", []any{of(l), active(l), linked(l.Account, bot)}, []any{bot, false, false})
	w.linkBot(l, second)
	want(t, "replaced", []any{of(l), active(l), linked(l.Account, bot), linked(l.Account, second)}, []any{second, true, false, true})

	before = version()
	unlink := func(ctx context.Context, tx *store.Tx) error { return tx.UnlinkAgentBot(ctx, l.Inbox) }
	w.do(unlink)
	want(t, "told", version() > before, true)
	before = version()
	w.do(unlink)
	want(t, "nothing is told of nothing", version(), before)
	want(t, "without one", []any{active(l), linked(l.Account, second), active(theirs)}, []any{false, false, true})

	w.do(func(ctx context.Context, tx *store.Tx) error {
		for _, hold := range []error{
			tx.HoldInbox(ctx, w.Mine.Account, l.Inbox), tx.HoldAgentBot(ctx, w.Mine.Account, bot), tx.HoldAgentBot(ctx, w.Mine.Account, system),
		} {
			if hold != nil {
				return hold
			}
		}
		wantErr(t, "HoldInbox of others", tx.HoldInbox(ctx, w.Mine.Account, theirs.Inbox), store.ErrNotFound)
		wantErr(t, "HoldAgentBot of others", tx.HoldAgentBot(ctx, w.Theirs.Account, bot), store.ErrNotFound)
		wantErr(t, "HoldAgentBot of none", tx.HoldAgentBot(ctx, w.Mine.Account, 999), store.ErrNotFound)
		return nil
	})

	// A link goes with its inbox.
	w.linkBot(other, bot)
	for range 2 {
		_, err := w.DeleteInboxChunk(ctx, other.Inbox, 10)
		noErr(t, "DeleteInboxChunk", err)
	}
	want(t, "links", w.number(`SELECT COUNT(*) FROM agent_bot_inboxes`), 1)
}

func testDeletedBot(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c := w.chat(l, "A")
	bot, other := w.bot(w.Mine.Account, "bot"), w.bot(w.Mine.Account, "other")
	picture := w.kept(w.Mine.Account, "picture")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetAvatar(ctx, store.AvatarBot, w.Mine.Account, bot, picture.ID)
	})
	w.linkBot(l, bot)
	for range 4 {
		w.written(c, bot)
	}
	kept := w.written(c, other)
	users := w.outgoing(c, w.Mine.User, "of a person")
	w.exec(`UPDATE messages SET sender_id = $1 WHERE id = $2`, bot, users) // a person of the same number
	token, err := w.AccessToken(ctx, store.OwnerBot, bot)
	noErr(t, "AccessToken", err)
	view, err := w.MessageView(ctx, kept)
	noErr(t, "MessageView", err)
	want(t, "the sender of a bot's message", view.SenderType+" "+view.SenderName+view.SenderEmail, "AgentBot other")

	w.do(func(ctx context.Context, tx *store.Tx) error {
		b, err := tx.LockAgentBot(ctx, w.Mine.Account, bot)
		if err != nil {
			return err
		}
		return tx.DeleteAgentBot(ctx, b)
	})
	_, err = w.AgentBot(ctx, w.Mine.Account, bot)
	wantErr(t, "AgentBot", err, store.ErrNotFound)
	_, err = w.HolderOfToken(ctx, token)
	wantErr(t, "HolderOfToken", err, store.ErrNotFound)
	want(t, "tokens", w.number(`SELECT COUNT(*) FROM access_tokens WHERE owner_type = 'AgentBot'`), 1)
	want(t, "links", w.number(`SELECT COUNT(*) FROM agent_bot_inboxes`), 0)
	blob, err := w.Blob(ctx, picture.ID)
	noErr(t, "Blob", err)
	want(t, "the picture is to be removed", blob.ExpiresAt.IsZero(), false)
	for i, c := range []struct {
		done bool
		left int64
	}{{false, 1}, {true, 0}} {
		done, err := w.ClearBotMessages(ctx, bot, 3)
		noErr(t, "ClearBotMessages", err)
		want(t, "share "+itoa(i)+" is the last", done, c.done)
		want(t, "left of share "+itoa(i), w.number(`SELECT COUNT(*) FROM messages WHERE sender_type = 'AgentBot' AND sender_id = $1`, bot), c.left)
	}
	want(t, "without a sender", w.number(`SELECT COUNT(*) FROM messages WHERE sender_type IS NULL AND sender_id IS NULL`), 4)
	want(t, "of the other bot", w.number(`SELECT sender_id FROM messages WHERE id = $1`, kept), other)
	want(t, "of a person", w.number(`SELECT sender_id FROM messages WHERE id = $1`, users), bot)
	thread, err := w.ThreadView(ctx, c.Conversation)
	noErr(t, "ThreadView", err)
	want(t, "no bot wrote last", thread.Bot == nil, true)

	// The token of a bot that went with its account opens nothing.
	theirs := w.bot(w.Theirs.Account, "theirs")
	token, err = w.AccessToken(ctx, store.OwnerBot, theirs)
	noErr(t, "AccessToken", err)
	w.exec(`DELETE FROM agent_bots WHERE id = $1`, theirs)
	_, err = w.HolderOfToken(ctx, token)
	wantErr(t, "HolderOfToken of a bot that is gone", err, store.ErrNotFound)
}

func testBotPictures(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c := w.chat(l, "A")
	bot, system := w.bot(w.Mine.Account, "bot"), w.bot(0, "system")
	_, _, err := w.BotPicture(ctx, bot)
	wantErr(t, "BotPicture of nothing", err, store.ErrNotFound)
	const address = "https://x/y"
	for id, account := range map[int64]int64{bot: w.Mine.Account, system: 0} {
		w.exec(`UPDATE agent_bots SET avatar_from = $1 WHERE id = $2`, address, id)
		from, of, err := w.BotPicture(ctx, id)
		noErr(t, "BotPicture", err)
		want(t, "BotPicture", []any{from, of}, []any{address, account})
		picture := w.kept(account, "picture of "+itoa(id))
		set := func(from string, blob int64) func(context.Context, *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error { return tx.SetBotPicture(ctx, id, from, blob) }
		}
		w.fails("from elsewhere", store.ErrNotFound, set("https://z", picture.ID))
		w.fails("no such file", store.ErrNotFound, set(address, 999))
		w.do(set(address, picture.ID))
		shown := func() int64 { return w.number(`SELECT COALESCE(avatar_blob_id, 0) FROM agent_bots WHERE id = $1`, id) }
		want(t, "the picture", shown(), picture.ID)
		w.fails("once more", store.ErrNotFound, set(address, picture.ID))
		w.exec(`UPDATE agent_bots SET avatar_from = $1 WHERE id = $2`, address, id)
		w.do(set(address, 0))
		want(t, "given up", shown(), picture.ID)
		_, _, err = w.BotPicture(ctx, id)
		wantErr(t, "BotPicture afterwards", err, store.ErrNotFound)
		w.fails("SetAvatar in another account", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetAvatar(ctx, store.AvatarBot, w.Theirs.Account, id, picture.ID)
		})
	}

	// In its inbox a bot without a picture has the inbox's.
	w.Clock.Advance(time.Second)
	w.written(c, bot)
	shown := func() store.BotView {
		t.Helper()
		thread, err := w.ThreadView(ctx, c.Conversation)
		noErr(t, "ThreadView", err)
		if thread.Bot == nil {
			t.Fatal("no bot")
		}
		return *thread.Bot
	}
	own := w.number(`SELECT avatar_blob_id FROM agent_bots WHERE id = $1`, bot)
	want(t, "with a picture", shown(), store.BotView{ID: bot, Name: ptr("bot"), AvatarBlobID: own})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetAvatar(ctx, store.AvatarBot, w.Mine.Account, bot, 0)
	})
	want(t, "without any", shown(), store.BotView{ID: bot, Name: ptr("bot")})
	logo := w.kept(w.Mine.Account, "logo")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetAvatar(ctx, store.AvatarInbox, w.Mine.Account, l.Inbox, logo.ID)
	})
	want(t, "with the inbox's", shown(), store.BotView{ID: bot, Name: ptr("bot"), AvatarBlobID: logo.ID})
}
