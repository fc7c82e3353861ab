package simulator

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// WhatsApp numbers at Meta, each with a life of its own: added to a WhatsApp
// Business Account (WABA), reviewed, registered, renamed, banned. A test makes
// thousands of them, lets Meta's side move (number_move.go), and reads in the end
// what the program did (number_journal.go).

// WABASpec describes a business account. Empty fields are made up.
type WABASpec struct {
	ID, Name                   string
	PortfolioID, PortfolioName string
	Review                     string // account_review_status; empty: APPROVED
	// OwnerHidden makes Meta tell neither owner nor review, as it does when the
	// token may not see the portfolio.
	OwnerHidden bool
}

// WABA is a WhatsApp Business Account: numbers, tokens that open them, and a quota
// of calls.
type WABA struct {
	ID, Name                   string
	PortfolioID, PortfolioName string

	sim         *Simulator
	ownerHidden bool
	verify      string // verify token of callbacks that the account's inboxes use
	templates   atomic.Pointer[[]json.RawMessage]

	mu         sync.Mutex
	numbers    []*Number
	tokens     []string // live and dead, oldest first
	review     string
	locked     bool
	registered int // numbers that are registered
	usage      usage
	faults     faultSet
	subscribed bool
	fields     []string
	override   string
}

// NumberSpec describes a number. Empty fields are made up; State decides about the
// rest.
type NumberSpec struct {
	ID    string      // phone_number_id
	Phone string      // with +
	Name  string      // display name; empty: of the account
	State NumberState // empty: Live
	// PIN of two-step verification that somebody has set; empty: one that nobody
	// here knows, where the state has one.
	PIN string
	// Change alters what the state makes of the number.
	Change func(*Facts)
	// ProvisionReads and ProvisionUntil are how long NotProvisioned lasts: so many
	// health reads, or until then. Neither: 90 s.
	ProvisionReads int
	ProvisionUntil time.Time
}

// Number is a phone number at Meta. Its methods are safe for concurrent use.
type Number struct {
	ID    string // phone_number_id
	Phone string // with +

	waba    *WABA
	channel *Channel

	// Guarded by waba.mu.
	facts          Facts
	pin            *[sha256.Size]byte // hash; nil: two-step verification is off
	existing       bool               // an account on a phone has the number
	locked         bool
	gone           bool
	incomplete     bool // a deregistration did not finish
	incompleteTill time.Time
	renamedAt      time.Time // approval of the new name
	lag, nextLag   lag
	override       string
	faults         faultSet
	register       window
	deregister     window
	calls          []RegisterCall
	codeSent       bool
	syncs          map[string]time.Time
	calling        string
}

// metaWorld is everything that Meta knows, by id.
type metaWorld struct {
	mu      sync.RWMutex
	wabas   map[string]*WABA
	numbers map[string]*Number
	grants  map[string]*grant
	codes   map[string]*signupCode
	list    []*Number
	unknown map[string]bool // fields that Meta does not know
	scopes  Scopes
	app     Subscription
	secrets []SecretInURL

	nextWABA, nextNumber atomic.Int64
	posts                chan struct{} // bounds management webhooks under way
	lost                 atomic.Int64
}

func newMetaWorld() *metaWorld {
	const atOnce = 32
	return &metaWorld{
		wabas: map[string]*WABA{}, numbers: map[string]*Number{}, grants: map[string]*grant{}, codes: map[string]*signupCode{},
		unknown: map[string]bool{}, posts: make(chan struct{}, atOnce),
	}
}

// AddWABA opens a business account with one token.
func (s *Simulator) AddWABA(spec WABASpec) *WABA {
	i := s.meta.nextWABA.Add(1)
	w := &WABA{
		ID: spec.ID, Name: spec.Name, PortfolioID: spec.PortfolioID, PortfolioName: spec.PortfolioName,
		sim: s, ownerHidden: spec.OwnerHidden, review: spec.Review, verify: token(16),
	}
	if w.ID == "" {
		w.ID = fmt.Sprintf("9901%06d%06d", s.run%1_000_000, i)
	}
	if w.Name == "" {
		w.Name = fmt.Sprintf("Willow Bakery %d", i)
	}
	if w.PortfolioID == "" {
		w.PortfolioID = fmt.Sprintf("8801%06d%06d", s.run%1_000_000, i)
	}
	if w.PortfolioName == "" {
		w.PortfolioName = w.Name + " LLC"
	}
	if w.review == "" {
		w.review = "APPROVED"
	}
	s.meta.mu.Lock()
	s.meta.wabas[w.ID] = w
	s.meta.mu.Unlock()
	w.NewToken()
	return w
}

// AddNumber adds a number to the account. TokenDead kills the account's tokens.
func (w *WABA) AddNumber(spec NumberSpec) *Number {
	s := w.sim
	i := int(s.meta.nextNumber.Add(1))
	n := &Number{ID: spec.ID, Phone: spec.Phone, waba: w}
	if n.ID == "" {
		n.ID = fmt.Sprintf("3367%06d%06d", s.run%1_000_000, i)
	}
	if n.Phone == "" {
		n.Phone = fictional(i + int(s.run%10_000))
	}
	name := spec.Name
	if name == "" {
		name = w.Name
	}
	n.channel = &Channel{
		Kind: WhatsAppCloud, Index: i, Name: name, Address: n.Phone,
		token: w.Token(), account: w.ID, app: n.ID, verify: w.verify, waba: w,
	}
	n.begin(spec, name, s.now())
	w.enlist(n)
	if spec.State == TokenDead {
		w.KillTokens(KnownFault("190-460"))
	}
	return n
}

// enlist makes the number known.
func (w *WABA) enlist(n *Number) {
	w.mu.Lock()
	w.numbers = append(w.numbers, n)
	if n.facts.Registered {
		w.registered++
	}
	w.mu.Unlock()
	m := w.sim.meta
	m.mu.Lock()
	m.numbers[n.ID] = n
	m.list = append(m.list, n)
	m.mu.Unlock()
}

// adopt gives a WhatsApp channel of the simulator its account and its number,
// which is live.
func (s *Simulator) adopt(c *Channel) {
	w := s.AddWABA(WABASpec{ID: c.account, Name: c.Name})
	w.verify = c.verify
	w.grant(c.token)
	n := &Number{ID: c.app, Phone: c.Address, waba: w, channel: c}
	n.begin(NumberSpec{State: Live}, c.Name, s.now())
	w.enlist(n)
	c.waba = w
}

// fictional is a number of the North American plan; 555 is the exchange of
// fiction. The area codes are apart from those of the simulator's own channels.
func fictional(line int) string {
	const lines = 10_000
	return fmt.Sprintf("+1%d555%04d", 701+line/lines, line%lines)
}

// PendingNumber is a fresh number whose display name Meta still reviews, in an
// account of its own.
func (s *Simulator) PendingNumber() *Number {
	return s.AddWABA(WABASpec{}).AddNumber(NumberSpec{State: PendingName})
}

// Numbers are all numbers in the order in which they were added.
func (s *Simulator) Numbers() []*Number {
	s.meta.mu.RLock()
	defer s.meta.mu.RUnlock()
	return append([]*Number(nil), s.meta.list...)
}

// Number finds a number by its phone_number_id; nil: there is none.
func (s *Simulator) Number(id string) *Number {
	s.meta.mu.RLock()
	defer s.meta.mu.RUnlock()
	return s.meta.numbers[id]
}

// WABA finds an account by its id; nil: there is none.
func (s *Simulator) WABA(id string) *WABA {
	s.meta.mu.RLock()
	defer s.meta.mu.RUnlock()
	return s.meta.wabas[id]
}

// NumberOf is the number that a WhatsApp channel stands for; nil for other kinds.
func (s *Simulator) NumberOf(c *Channel) *Number {
	if c == nil || c.waba == nil {
		return nil
	}
	return s.Number(c.app)
}

// WABA is the account that the number belongs to.
func (n *Number) WABA() *WABA { return n.waba }

// Channel is the number as a channel: its inbox is created with Channel.Params,
// customers write to it with Deliver, its replies are in Sent.
func (n *Number) Channel() *Channel { return n.channel }

// Token is the latest token of the number's account.
func (n *Number) Token() string { return n.waba.Token() }

// Facts is what Meta thinks of the number now, a lag of what it shows aside.
func (n *Number) Facts() Facts {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	return n.facts
}

// Override is the callback address of the number's own webhook; empty: none.
func (n *Number) Override() string {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	return n.override
}

// Calling is the state of voice calls that the program asked for: ENABLED,
// DISABLED, or empty when it never did.
func (n *Number) Calling() string {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	return n.calling
}

// set replaces the facts and keeps count of registered numbers. The caller holds
// waba.mu.
func (n *Number) set(f Facts) {
	if f.Registered && !n.facts.Registered {
		n.waba.registered++
	} else if !f.Registered && n.facts.Registered {
		n.waba.registered--
	}
	n.facts = f
}

// hashPIN keeps a PIN as its owner's provider would.
func (n *Number) hashPIN(pin string) *[sha256.Size]byte {
	h := sha256.Sum256([]byte(n.ID + "/" + pin))
	return &h
}

// Numbers are the account's numbers in the order in which they were added.
func (w *WABA) Numbers() []*Number {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*Number(nil), w.numbers...)
}

// Subscribed tells whether the app is subscribed to the account's webhooks, and to
// which fields; none: all.
func (w *WABA) Subscribed() (ok bool, fields []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.subscribed, append([]string(nil), w.fields...)
}

// Override is the callback address for the whole account; empty: none.
func (w *WABA) Override() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.override
}

// SetTemplates makes Meta list these message templates for the account.
func (w *WABA) SetTemplates(list ...json.RawMessage) { w.templates.Store(&list) }
