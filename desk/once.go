package desk

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// echoLife is how long a client's name of a message is that message's. Nobody posts
// again after that; a client that counts its messages may have started anew.
const echoLife = 24 * time.Hour

// bridged begins the keys of messages that a bridge knows by an id.
const bridged = "msg:"

// ingestKey makes a message unique within its inbox: a bridge's by its id, a client's
// by its name within the conversation, and of one caller. Clients of the public API
// count, or call all their messages the same: only what also says the same is the same
// message there. Empty: every message is a new one.
func (in *Reply) ingestKey() string {
	switch {
	case in.Type == chat.Incoming && in.SourceID != "":
		return bridged + in.SourceID
	case in.EchoID == "":
		return ""
	case in.Caller != "":
		return "echo:" + strconv.FormatInt(in.DisplayID, 10) + ":" + in.Caller + ":" + channels.Digest(in.EchoID)
	case in.Type != chat.Incoming:
		return ""
	}
	content := ""
	if in.Content != nil {
		content = *in.Content
	}
	return "echo:" + strconv.FormatInt(in.DisplayID, 10) + ":" + channels.Digest(strconv.Itoa(len(in.EchoID))+" "+in.EchoID+content)
}

// posted finds the message that this one is already; 0 when it is new.
func (in *Reply) posted(ctx context.Context, tx *store.Tx, inboxID int64) (int64, error) {
	key := store.IngestKey{InboxID: inboxID, Key: in.ingestKey()}
	if key.Key == "" {
		return 0, nil
	}
	id, err := tx.IngestedMessage(ctx, key)
	if err != nil || id == 0 || strings.HasPrefix(key.Key, bridged) {
		return id, err
	}
	released, err := tx.ReleaseIngestKey(ctx, key, tx.Now.Add(-echoLife))
	if err != nil || released {
		return 0, err
	}
	return id, nil
}

// Posted finds the message that this one is already, so that its files need
// not be stored once more; 0 when it is new.
func (d *Desk) Posted(ctx context.Context, inboxID int64, in Reply) (id int64, err error) {
	if in.ingestKey() == "" {
		return 0, nil
	}
	err = d.Store.Transact(ctx, func(tx *store.Tx) error {
		id, err = in.posted(ctx, tx, inboxID)
		return err
	})
	return id, err
}
