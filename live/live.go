// Package live is the live wire: who listens at websockets, what they are sent, and
// how it gets to the process that holds their socket. It speaks ActionCable's protocol
// (api.rubyonrails.org, Action Cable: protocol actioncable-v1-json) and knows neither
// conversations nor the database: who may listen says a Gate, what there is to hear
// comes as Packets that are encoded already.
package live

import (
	"context"
	"errors"
)

// Listener is who a subscription is for: a member of an account, or a contact at one
// inbox.
type Listener struct {
	AccountID int64
	// UserID is the member; 0: it is a contact.
	UserID int64
	// ContactInboxID and ContactID are the contact's; 0: it is a member.
	ContactInboxID int64
	ContactID      int64
	// Token is what they proved themselves with. It is a secret.
	Token string
}

// Claim is what somebody says who wants to subscribe.
type Claim struct {
	Token string
	// User tells that it is a member, who names themselves and the account.
	User              bool
	UserID, AccountID int64
}

// ErrRefused says that a claim is not true, or not any more.
var ErrRefused = errors.New("live: not admitted")

// Gate knows who may listen.
type Gate interface {
	// Admit tells who a claim is about; ErrRefused: nobody whom it proves.
	Admit(ctx context.Context, c Claim) (Listener, error)
	// Valid tells of each listener whether they would be admitted still.
	Valid(ctx context.Context, list []Listener) ([]bool, error)
	// Beat notes that a listener is there, and has them told who else is.
	Beat(ctx context.Context, l Listener) error
}

// Packet is one piece of news and who is to hear it.
type Packet struct {
	AccountID int64 `json:"a"`
	// Users are members of the account by their ids; Everyone is all of them.
	Users    []int64 `json:"u,omitempty"`
	Everyone bool    `json:"e,omitempty"`
	// Contacts are ids of contact inboxes.
	Contacts []int64 `json:"c,omitempty"`
	// Recheck asks whether Users may listen still, in this account or, when that is 0,
	// in all of theirs. There is no payload then.
	Recheck bool `json:"r,omitempty"`
	// Missed says that news of this account were lost. Who listens there is made to
	// connect again, which is when clients ask for what they have not. There is no
	// payload then.
	Missed bool `json:"m,omitempty"`
	// Payload is the "message" of the frame: {"event":…,"data":…}.
	Payload []byte `json:"-"`
}

// Interest says who of an account listens anywhere.
type Interest struct{ Users, Contacts bool }

// Any tells whether somebody listens.
func (i Interest) Any() bool { return i.Users || i.Contacts }

// Wire takes packets to whoever listens, in whichever process. It is safe for
// concurrent use.
type Wire interface {
	// Interest tells of which accounts somebody listens. Accounts of which nobody does
	// are absent: nothing has to be made for them.
	Interest(ctx context.Context, accounts []int64) (map[int64]Interest, error)
	// Publish sends packets off, in order. What cannot be sent is lost: clients learn
	// what they missed when they connect again.
	Publish(ctx context.Context, packets []Packet) error
	// Listen makes what is published of an account arrive in this process. It returns
	// when that is so.
	Listen(ctx context.Context, l Listener) error
	// Name and Run are the worker contract.
	Name() string
	Run(ctx context.Context) error
}

// Local is the wire of a program that is one process.
type Local struct{ hub *Hub }

// NewLocal makes a wire to a hub.
func NewLocal(hub *Hub) *Local { return &Local{hub} }

// Interest implements Wire.
func (l *Local) Interest(_ context.Context, accounts []int64) (map[int64]Interest, error) {
	out := map[int64]Interest{}
	for _, id := range accounts {
		if i := l.hub.interest(id); i.Any() {
			out[id] = i
		}
	}
	return out, nil
}

// Publish implements Wire.
func (l *Local) Publish(_ context.Context, packets []Packet) error {
	l.hub.Deliver(packets)
	return nil
}

// Listen implements Wire.
func (l *Local) Listen(context.Context, Listener) error { return nil }

// Name implements Wire.
func (l *Local) Name() string { return "live wire" }

// Run implements Wire.
func (l *Local) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
