package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"tributary/simulator"
)

// numberCommands are about WhatsApp numbers and their accounts.
func (s *stand) numberCommands() map[string]command {
	all := map[string]command{
		"add_number":   takes(s.addNumber),
		"numbers":      takes(s.numbers),
		"number":       takes(s.number),
		"signup":       takes(s.signup),
		"facts":        takes(s.facts),
		"fault_number": takes(s.faultNumber),
		"heal_number":  takes(s.healNumber),
		"lag_number":   takes(s.lagNumber),
		"scopes":       takes(s.scopes),
	}
	for name, move := range moves {
		all[name] = takes(func(ctx context.Context, in moveIn) (any, error) { return s.move(ctx, move, in) })
	}
	return all
}

// states are those of simulator.NumberState that have no parameter.
var states = []simulator.NumberState{
	simulator.Live, simulator.Approved, simulator.PendingName, simulator.Declined, simulator.ExpiredName, simulator.NotVerified,
	simulator.PINElsewhere, simulator.Banned, simulator.RateLimited, simulator.Coexistence, simulator.Sandbox, simulator.OnPremise,
	simulator.NotProvisioned, simulator.ExistingAccount, simulator.Restricted, simulator.IncompleteDeregistration, simulator.Hang,
	simulator.TokenDead,
}

type addNumberIn struct {
	State simulator.NumberState `json:"state"` // empty: live
	Flaky int                   `json:"flaky"` // instead of a state: register answers 133004 so many times
	ID    string                `json:"id"`
	Phone string                `json:"phone"`
	Name  string                `json:"name"`
	PIN   string                `json:"pin"`
	// Beside puts the number into the account of another one.
	Beside string `json:"beside"`
	Review string `json:"review"` // account_review_status of a new account
	// ProvisionReads is how many reads of its health not_provisioned lasts.
	ProvisionReads int      `json:"provision_reads"`
	Facts          *factsIn `json:"facts"`
}

func (s *stand) addNumber(_ context.Context, in addNumberIn) (any, error) {
	if in.State == "" {
		in.State = simulator.Live
	}
	if !slices.Contains(states, in.State) {
		return nil, fmt.Errorf("a number has no state %q: %s", in.State, names(states))
	}
	if in.Flaky > 0 {
		in.State = simulator.Flaky(in.Flaky)
	}
	var account *simulator.WABA
	if in.Beside == "" {
		account = s.sim.AddWABA(simulator.WABASpec{Review: in.Review})
	} else {
		n, err := s.findNumber(in.Beside)
		if err != nil {
			return nil, err
		}
		account = n.WABA()
	}
	n := account.AddNumber(simulator.NumberSpec{
		ID: in.ID, Phone: in.Phone, Name: in.Name, State: in.State, PIN: in.PIN, ProvisionReads: in.ProvisionReads,
		Change: func(f *simulator.Facts) { in.Facts.apply(f) },
	})
	return s.numberOut(n), nil
}

// findNumber finds a number by its id, or by the channel that it is.
func (s *stand) findNumber(name string) (*simulator.Number, error) {
	c, err := s.find(name)
	if err != nil {
		return nil, err
	}
	if n := s.sim.NumberOf(c); n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("%q is no WhatsApp number at Meta", name)
}

type registerCall struct {
	At         time.Time `json:"at"`
	Deregister bool      `json:"deregister"`
	PIN        string    `json:"pin"`
	Status     int       `json:"status"`
	Code       int       `json:"code"`
	Subcode    int       `json:"subcode"`
}

func (s *stand) numberOut(n *simulator.Number) map[string]any {
	w := n.WABA()
	subscribed, fields := w.Subscribed()
	calls := []registerCall{}
	for _, c := range n.RegisterCalls() {
		calls = append(calls, registerCall(c))
	}
	return map[string]any{
		"number": n.ID, "phone": n.Phone, "code": n.Code(), "account": w.ID, "account_name": w.Name, "portfolio": w.PortfolioID, "token": n.Token(),
		"create_path": n.Channel().CreatePath(), "params": n.Channel().Params(),
		"facts": factsOut(n.Facts()), "register_calls": calls, "override": n.Override(), "account_override": w.Override(),
		"subscribed": subscribed, "fields": append([]string{}, fields...), "calling": n.Calling(), "account_calls": w.Calls(),
	}
}

func (s *stand) numbers(context.Context, struct{}) (any, error) {
	out := []map[string]any{}
	for _, n := range s.sim.Numbers() {
		out = append(out, s.numberOut(n))
	}
	return out, nil
}

type numberIn struct {
	Number string `json:"number"`
}

func (s *stand) number(_ context.Context, in numberIn) (any, error) {
	n, err := s.findNumber(in.Number)
	if err != nil {
		return nil, err
	}
	return s.numberOut(n), nil
}

// signup finishes Embedded Signup: what the browser gets, and the body of
// POST …/whatsapp/authorization made of it.
func (s *stand) signup(_ context.Context, in numberIn) (any, error) {
	n, err := s.findNumber(in.Number)
	if err != nil {
		return nil, err
	}
	v := s.sim.Signup(n)
	body := map[string]string{"code": v.Code, "waba_id": v.WABAID}
	for name, value := range map[string]string{"business_id": v.BusinessID, "phone_number_id": v.PhoneNumberID} {
		if value != "" {
			body[name] = value
		}
	}
	return map[string]any{"event": v.Event, "body": body}, nil
}

// factsIn changes what is named of simulator.Facts; the words are Meta's.
type factsIn struct {
	VerifiedName     *string `json:"verified_name"`
	NameStatus       *string `json:"name_status"`
	NewName          *string `json:"new_display_name"`
	NewNameStatus    *string `json:"new_name_status"`
	CodeVerification *string `json:"code_verification_status"`
	Platform         *string `json:"platform_type"`
	Throughput       *string `json:"throughput"`
	Status           *string `json:"status"`
	Quality          *string `json:"quality_rating"`
	Tier             *string `json:"messaging_limit_tier"`
	Mode             *string `json:"account_mode"`
	OnBizApp         *bool   `json:"is_on_biz_app"`
	PINEnabled       *bool   `json:"is_pin_enabled"`
	Registered       *bool   `json:"registered"`
}

func (in *factsIn) apply(f *simulator.Facts) {
	if in == nil {
		return
	}
	for to, v := range map[*string]*string{
		&f.VerifiedName: in.VerifiedName, &f.NameStatus: in.NameStatus, &f.NewName: in.NewName, &f.NewNameStatus: in.NewNameStatus,
		&f.CodeVerification: in.CodeVerification, &f.Platform: in.Platform, &f.Throughput: in.Throughput, &f.Status: in.Status,
		&f.Quality: in.Quality, &f.Tier: in.Tier, &f.Mode: in.Mode,
	} {
		if v != nil {
			*to = *v
		}
	}
	for to, v := range map[*bool]*bool{&f.OnBizApp: in.OnBizApp, &f.PINEnabled: in.PINEnabled, &f.Registered: in.Registered} {
		if v != nil {
			*to = *v
		}
	}
}

func factsOut(f simulator.Facts) factsIn {
	return factsIn{
		&f.VerifiedName, &f.NameStatus, &f.NewName, &f.NewNameStatus, &f.CodeVerification, &f.Platform, &f.Throughput, &f.Status, &f.Quality,
		&f.Tier, &f.Mode, &f.OnBizApp, &f.PINEnabled, &f.Registered,
	}
}

type changeIn struct {
	Number string  `json:"number"`
	Facts  factsIn `json:"facts"`
}

// facts changes what Meta thinks of a number. It tells nothing.
func (s *stand) facts(_ context.Context, in changeIn) (any, error) {
	n, err := s.findNumber(in.Number)
	if err == nil {
		n.Change(in.Facts.apply)
	}
	return nil, err
}

type faultIn struct {
	Number  string `json:"number"`
	Account bool   `json:"account"` // calls about the account of the number
	// Edge is what follows the id in the path ("register", "messages", …); "read" and
	// "update" are calls of the number itself.
	Edge  string `json:"edge"`
	Fault string `json:"fault"` // one of simulator.FaultNames, else the fields below
	Times int    `json:"times"` // 0: until it is healed

	Status  int    `json:"status"`
	Code    int    `json:"code"`
	Subcode int    `json:"subcode"`
	Message string `json:"message"`
	Title   string `json:"title"`
	Text    string `json:"text"`
	Details string `json:"details"`
	Hang    bool   `json:"hang"`
}

// known finds a fault by its name.
func known(name string) (simulator.Fault, error) {
	all := simulator.FaultNames()
	if !slices.Contains(all, name) {
		return simulator.Fault{}, fmt.Errorf("there is no fault %q: %s", name, names(all))
	}
	return simulator.KnownFault(name), nil
}

func (s *stand) faultNumber(_ context.Context, in faultIn) (any, error) {
	n, err := s.findNumber(in.Number)
	if err != nil {
		return nil, err
	}
	f := simulator.Fault{
		Status: in.Status, Code: in.Code, Subcode: in.Subcode, Message: in.Message, Title: in.Title, Text: in.Text, Details: in.Details, Hang: in.Hang,
	}
	if in.Fault != "" {
		if f, err = known(in.Fault); err != nil {
			return nil, err
		}
	}
	if in.Account {
		n.WABA().Fail(in.Edge, f, in.Times)
	} else {
		n.Fail(in.Edge, f, in.Times)
	}
	return nil, nil
}

func (s *stand) healNumber(_ context.Context, in numberIn) (any, error) {
	n, err := s.findNumber(in.Number)
	if err == nil {
		n.Heal()
		n.WABA().Heal()
	}
	return nil, err
}

type lagIn struct {
	Number  string `json:"number"`
	Reads   int    `json:"reads"`
	UntilMS int    `json:"until_ms"`
}

// lagNumber makes the next register that works show later.
func (s *stand) lagNumber(_ context.Context, in lagIn) (any, error) {
	n, err := s.findNumber(in.Number)
	if err != nil {
		return nil, err
	}
	var until time.Time
	if in.UntilMS > 0 {
		until = time.Now().Add(time.Duration(in.UntilMS) * time.Millisecond)
	}
	n.ProvisionLag(in.Reads, until)
	return nil, nil
}

type scopesIn struct {
	Scopes string `json:"scopes"`
}

// scopes changes how much Meta tells of what a token may do.
func (s *stand) scopes(_ context.Context, in scopesIn) (any, error) {
	all := map[string]simulator.Scopes{
		"targets": simulator.ScopesTargets, "granular": simulator.ScopesGranular, "plain": simulator.ScopesPlain, "messaging": simulator.ScopesMessaging,
	}
	v, ok := all[in.Scopes]
	if !ok {
		return nil, fmt.Errorf("there are no scopes %q: %s", in.Scopes, names(slices.Collect(maps.Keys(all))))
	}
	s.sim.SetScopes(v)
	return nil, nil
}

// moveIn is a move of Meta's side. Value is its word: a reason, a name, a colour, a
// PIN, a tier, a decision.
type moveIn struct {
	Number   string          `json:"number"`
	Value    string          `json:"value"`
	Silent   bool            `json:"silent"` // no webhook
	Twice    bool            `json:"twice"`
	Forged   bool            `json:"forged"`
	AgoMS    int             `json:"ago_ms"`
	Severity string          `json:"severity"` // of an alert
	Text     string          `json:"text"`     // of an alert
	Field    string          `json:"field"`    // of management
	Body     json.RawMessage `json:"body"`     // of management
	WaitMS   int             `json:"wait_ms"`
}

func (in *moveIn) options() []simulator.NoticeOption {
	var o []simulator.NoticeOption
	if in.Silent {
		o = append(o, simulator.Silently())
	}
	if in.Twice {
		o = append(o, simulator.Twice())
	}
	if in.Forged {
		o = append(o, simulator.Forged())
	}
	if in.AgoMS > 0 {
		o = append(o, simulator.Older(time.Duration(in.AgoMS)*time.Millisecond))
	}
	return o
}

// move does what Meta does, and returns when the program has taken the webhook about
// it.
func (s *stand) move(ctx context.Context, play func(*stand, *simulator.Number, moveIn) (*simulator.Notice, error), in moveIn) (any, error) {
	n, err := s.findNumber(in.Number)
	if err != nil {
		return nil, err
	}
	notice, err := play(s, n, in)
	if err != nil || notice == nil {
		return nil, err
	}
	ctx, cancel := within(ctx, in.WaitMS)
	defer cancel()
	if err := notice.Wait(ctx); err != nil {
		return nil, err
	}
	return map[string]any{"told": notice.Delivery != nil, "tries": notice.Tries()}, nil
}
