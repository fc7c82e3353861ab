package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/simulator"
)

// command does one thing and answers what is worth knowing about it.
type command func(ctx context.Context, body []byte) (any, error)

// commands are all of them, by name.
func (s *stand) commands() map[string]command {
	all := map[string]command{
		"target":   takes(s.target),
		"channels": takes(s.channels),
		"channel":  takes(s.channel),
		"attach":   takes(s.attach),
		"ready":    takes(s.ready),
		"connect":  takes(s.connect),

		"message":       takes(s.message),
		"sent":          takes(s.sent),
		"wait_sent":     takes(s.waitSent),
		"fail":          takes(s.fail),
		"heal":          takes(s.heal),
		"receipt":       takes(s.receipt),
		"templates":     takes(s.templates),
		"hold_profiles": takes(s.holdProfiles),
	}
	maps.Copy(all, s.numberCommands())
	return all
}

// takes reads a command's fields; one that it does not have is a mistake of the
// test.
func takes[T any](run func(context.Context, T) (any, error)) command {
	return func(ctx context.Context, body []byte) (any, error) {
		var in struct {
			Do string `json:"do"`
		}
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal(body, &fields); err != nil {
			return nil, err
		}
		_ = json.Unmarshal(body, &in) // it was read before
		delete(fields, "do")
		rest, err := json.Marshal(fields)
		if err != nil {
			return nil, err
		}
		var given T
		d := json.NewDecoder(bytes.NewReader(rest))
		d.DisallowUnknownFields()
		if err := d.Decode(&given); err != nil {
			return nil, fmt.Errorf("%s: %w", in.Do, err)
		}
		return run(ctx, given)
	}
}

// patience is how long commands wait that wait for something, unless they say.
const patience = 20 * time.Second

// within bounds a wait.
func within(ctx context.Context, milliseconds int) (context.Context, context.CancelFunc) {
	wait := patience
	if milliseconds > 0 {
		wait = time.Duration(milliseconds) * time.Millisecond
	}
	return context.WithTimeout(ctx, wait)
}

type targetIn struct {
	Base   string `json:"base"`
	Public string `json:"public"`
}

func (s *stand) target(_ context.Context, in targetIn) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = in.Base
	s.sim.SetTarget(in.Base, in.Public)
	return nil, nil
}

// program is where the program listens, and its public address.
func (s *stand) program(c *simulator.Channel) (base, public string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base == "" {
		return "", "", errNoTarget
	}
	return s.base, s.sim.Public(c, s.base), nil
}

var errNoTarget = errors.New(`say first where the program is, with "target"`)

// find reads the name of a channel: its kind, for the others of the kind
// "kind/index", or the id of a WhatsApp number.
func (s *stand) find(name string) (*simulator.Channel, error) {
	if n := s.sim.Number(name); n != nil {
		return n.Channel(), nil
	}
	kind, number, _ := strings.Cut(name, "/")
	index, err := strconv.Atoi(number)
	if err != nil && number != "" {
		return nil, fmt.Errorf("%q is no channel: %w", name, err)
	}
	for _, c := range s.sim.Channels() {
		if c.Kind == simulator.Kind(kind) && c.Index == index {
			return c, nil
		}
	}
	return nil, fmt.Errorf("there is no channel %q", name)
}

// channelOut is an identity at a provider, with what makes its inbox.
type channelOut struct {
	Channel    string          `json:"channel"`
	Kind       simulator.Kind  `json:"kind"`
	Name       string          `json:"name"`
	Address    string          `json:"address"`
	Number     string          `json:"number,omitempty"`      // phone_number_id
	CreatePath string          `json:"create_path,omitempty"` // below the account; empty: "connect", or the pages of Facebook
	Params     json.RawMessage `json:"params"`                // body of the call of CreatePath, else settings
	Registered bool            `json:"registered"`            // the program told the provider of its webhook
	Receipts   []string        `json:"receipts"`
	Events     []string        `json:"events"`
}

func (s *stand) describe(name string, c *simulator.Channel) channelOut {
	_, registered := c.Registration()
	out := channelOut{
		Channel: name, Kind: c.Kind, Name: c.Name, Address: c.Address, CreatePath: c.CreatePath(), Params: c.Params(),
		Registered: registered, Receipts: append([]string{}, c.Kind.Receipts()...),
	}
	if n := s.sim.NumberOf(c); n != nil {
		out.Number = n.ID
	}
	for _, e := range c.Kind.Events() {
		out.Events = append(out.Events, string(e))
	}
	return out
}

func (s *stand) channels(context.Context, struct{}) (any, error) {
	out := []channelOut{}
	for _, c := range s.sim.Channels() {
		out = append(out, s.describe(nameOf(c), c))
	}
	return out, nil
}

// nameOf is the name of one of the simulator's own channels.
func nameOf(c *simulator.Channel) string {
	if c.Index == 0 {
		return string(c.Kind)
	}
	return string(c.Kind) + "/" + strconv.Itoa(c.Index)
}

type channelIn struct {
	Channel string `json:"channel"`
}

func (s *stand) channel(_ context.Context, in channelIn) (any, error) {
	c, err := s.find(in.Channel)
	if err != nil {
		return nil, err
	}
	return s.describe(in.Channel, c), nil
}

type attachIn struct {
	Channel    string `json:"channel"`
	Identifier string `json:"identifier"`
}

func (s *stand) attach(_ context.Context, in attachIn) (any, error) {
	c, err := s.find(in.Channel)
	if err == nil {
		c.Attach(in.Identifier)
	}
	return nil, err
}

type readyIn struct {
	Channel string `json:"channel"`
	WaitMS  int    `json:"wait_ms"`
}

func (s *stand) ready(ctx context.Context, in readyIn) (any, error) {
	c, err := s.find(in.Channel)
	if err != nil {
		return nil, err
	}
	ctx, cancel := within(ctx, in.WaitMS)
	defer cancel()
	return nil, s.sim.WaitReady(ctx, c)
}

type messageIn struct {
	Channel string              `json:"channel"`
	Person  int                 `json:"person"` // one of the made-up people, unless From says who
	From    string              `json:"from"`
	Name    *string             `json:"name"`
	Event   simulator.EventKind `json:"event"` // empty: a text
	Text    string              `json:"text"`
	ID      string              `json:"id"`
	Target  string              `json:"target"`
	Payload string              `json:"payload"`
	Media   string              `json:"media"`
	AgoMS   int                 `json:"ago_ms"`
	Forged  bool                `json:"forged"` // a text with a proof that does not match
}

// messageOut is who wrote, and what the program answered.
type messageOut struct {
	From   string   `json:"from"`
	Name   string   `json:"name"`
	IDs    []string `json:"ids"`
	Status int      `json:"status"`
}

func (s *stand) message(ctx context.Context, in messageIn) (any, error) {
	c, err := s.find(in.Channel)
	if err != nil {
		return nil, err
	}
	base, public, err := s.program(c)
	if err != nil {
		return nil, err
	}
	who := c.Person(in.Person)
	if in.From != "" {
		who = simulator.Person{From: in.From}
	}
	if in.Name != nil {
		who.Name = *in.Name
	}
	at := time.Now().Add(-time.Duration(in.AgoMS) * time.Millisecond)
	var answer *simulator.Answer
	if in.Forged {
		var d *simulator.Delivery
		if d, err = s.sim.BuildBadSignature(c, simulator.Incoming{From: who.From, Name: who.Name, Text: in.Text, ID: in.ID, At: at}, public); err == nil {
			answer, err = s.sim.Post(ctx, base, d)
		}
	} else {
		if in.Event == "" {
			in.Event = simulator.EventText
		}
		answer, err = s.sim.DeliverEvent(ctx, base, c, simulator.Event{
			Kind: in.Event, From: who.From, Name: who.Name, Text: in.Text, ID: in.ID, Target: in.Target, Payload: in.Payload, Media: in.Media, At: at,
		})
	}
	switch {
	case err != nil:
		return nil, err
	case !answer.OK() && !in.Forged:
		return nil, fmt.Errorf("the program answered the webhook with %d %s", answer.Status, answer.Body)
	}
	return messageOut{who.From, who.Name, append([]string{}, answer.IDs...), answer.Status}, nil
}

type templatesIn struct {
	Channel string            `json:"channel"`
	List    []json.RawMessage `json:"list"`
}

func (s *stand) templates(_ context.Context, in templatesIn) (any, error) {
	c, err := s.find(in.Channel)
	if err == nil {
		c.SetTemplates(in.List...)
	}
	return nil, err
}

type holdIn struct {
	Hold bool `json:"hold"`
}

// holdProfiles lets look-ups of people hang, or answers them again.
func (s *stand) holdProfiles(_ context.Context, in holdIn) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case in.Hold && s.release == nil:
		s.release = s.sim.HoldProfiles()
	case !in.Hold && s.release != nil:
		s.release()
		s.release = nil
	}
	return nil, nil
}

// names lists what may be said, for the text of an error.
func names[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
