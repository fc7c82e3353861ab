package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tributary/simulator"
)

// choice is what a customer is offered.
type choice struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// sentOut is a call with which the program asked a provider to send.
type sentOut struct {
	Seq      uint64    `json:"seq"`
	Channel  string    `json:"channel"`
	To       string    `json:"to"`
	Text     string    `json:"text"`
	Media    []string  `json:"media"`
	Choices  []choice  `json:"choices"`
	ID       string    `json:"id"` // the provider's; empty when refused
	Attempt  int       `json:"attempt"`
	Status   int       `json:"status"`
	Accepted bool      `json:"accepted"`
	At       time.Time `json:"at"`
}

func (s *stand) told(r *simulator.Sent) sentOut {
	name := nameOf(r.Channel)
	if n := s.sim.NumberOf(r.Channel); n != nil && !s.own(r.Channel) {
		name = n.ID
	}
	choices := []choice{}
	for _, c := range r.Choices {
		choices = append(choices, choice(c))
	}
	return sentOut{
		Seq: r.Seq, Channel: name, To: r.To, Text: r.Text, Media: append([]string{}, r.Media...), Choices: choices,
		ID: r.ProviderID, Attempt: r.Attempt, Status: r.Status, Accepted: r.Accepted(), At: r.At,
	}
}

// own tells whether a channel is one that the simulator began with.
func (s *stand) own(c *simulator.Channel) bool {
	return slices.Contains(s.sim.Channels(), c)
}

// sentIn chooses among the calls: what is empty chooses nothing.
type sentIn struct {
	Channel  string `json:"channel"`
	To       string `json:"to"`
	Text     string `json:"text"`     // part of the text
	Accepted *bool  `json:"accepted"` // only these; of wait_sent true unless it says otherwise
	Since    uint64 `json:"since"`    // calls after this one
}

func (s *stand) chosen(in sentIn) (func(*simulator.Sent) bool, error) {
	var c *simulator.Channel
	if in.Channel != "" {
		var err error
		if c, err = s.find(in.Channel); err != nil {
			return nil, err
		}
	}
	return func(r *simulator.Sent) bool {
		return (c == nil || r.Channel == c) && (in.To == "" || r.To == in.To) && strings.Contains(r.Text, in.Text) &&
			(in.Accepted == nil || r.Accepted() == *in.Accepted) && r.Seq > in.Since
	}, nil
}

func (s *stand) sent(_ context.Context, in sentIn) (any, error) {
	match, err := s.chosen(in)
	if err != nil {
		return nil, err
	}
	out := []sentOut{}
	for _, r := range s.sim.Sent() {
		if match(&r) {
			out = append(out, s.told(&r))
		}
	}
	return out, nil
}

type waitSentIn struct {
	sentIn

	N      int `json:"n"` // which of them; 0: the first
	WaitMS int `json:"wait_ms"`
}

func (s *stand) waitSent(ctx context.Context, in waitSentIn) (any, error) {
	if in.Accepted == nil {
		in.Accepted = new(true)
	}
	match, err := s.chosen(in.sentIn)
	if err != nil {
		return nil, err
	}
	ctx, cancel := within(ctx, in.WaitMS)
	defer cancel()
	seen := 0
	found, err := s.sim.WaitSent(ctx, func(r *simulator.Sent) bool {
		if match(r) {
			seen++
		}
		return seen >= max(in.N, 1)
	})
	if err != nil {
		return nil, fmt.Errorf("%d of %d such sends arrived: %w", seen, max(in.N, 1), err)
	}
	return s.told(&found), nil
}

// failIn is a simulator.Failure of one channel, or of all of a kind.
type failIn struct {
	Channel      string         `json:"channel"`
	Kind         simulator.Kind `json:"kind"`
	Status       int            `json:"status"`
	RetryAfterMS int            `json:"retry_after_ms"`
	Hang         bool           `json:"hang"`
	Reset        bool           `json:"reset"`
	Unauthorised bool           `json:"unauthorised"`
	Refuse       bool           `json:"refuse"`
	Code         int            `json:"code"`
	Text         string         `json:"text"`
	Times        int            `json:"times"`
	After        int            `json:"after"`
}

func (s *stand) fail(_ context.Context, in failIn) (any, error) {
	f := simulator.Failure{
		Status: in.Status, RetryAfter: time.Duration(in.RetryAfterMS) * time.Millisecond, Hang: in.Hang, Reset: in.Reset,
		Unauthorised: in.Unauthorised, Refuse: in.Refuse || in.Code != 0 || in.Text != "", Code: in.Code, Text: in.Text, Times: in.Times, After: in.After,
	}
	if in.Channel == "" {
		if s.sim.Channel(in.Kind) == nil {
			return nil, fmt.Errorf("there is no kind %q: %s", in.Kind, names(simulator.Kinds()))
		}
		s.sim.Fail(in.Kind, f)
		return nil, nil
	}
	c, err := s.find(in.Channel)
	if err == nil {
		s.sim.FailChannel(c, f)
	}
	return nil, err
}

type healIn struct {
	Channel string         `json:"channel"`
	Kind    simulator.Kind `json:"kind"`
}

// heal ends failures of sending: of a channel, of a kind, or all of them with those
// of numbers and accounts.
func (s *stand) heal(_ context.Context, in healIn) (any, error) {
	switch {
	case in.Channel != "":
		c, err := s.find(in.Channel)
		if err == nil {
			s.sim.HealChannel(c)
		}
		return nil, err
	case in.Kind != "":
		s.sim.Heal(in.Kind)
		return nil, nil
	}
	for _, k := range simulator.Kinds() {
		s.sim.Heal(k)
	}
	for _, c := range s.sim.Channels() {
		s.sim.HealChannel(c)
	}
	for _, n := range s.sim.Numbers() {
		s.sim.HealChannel(n.Channel())
		n.Heal()
		n.WABA().Heal()
	}
	return nil, nil
}

type receiptIn struct {
	Channel string `json:"channel"`
	State   string `json:"state"`
	ID      string `json:"id"` // the provider's of the message; empty: the latest that it accepted
	Code    int    `json:"code"`
	Text    string `json:"text"`
}

var errNothingSent = errors.New("the provider accepted no such message")

func (s *stand) receipt(ctx context.Context, in receiptIn) (any, error) {
	c, err := s.find(in.Channel)
	if err != nil {
		return nil, err
	}
	base, _, err := s.program(c)
	if err != nil {
		return nil, err
	}
	var about *simulator.Sent
	for _, r := range s.sim.Sent() {
		if r.Channel == c && r.Accepted() && (in.ID == "" || r.ProviderID == in.ID) {
			about = &r
		}
	}
	if about == nil {
		return nil, errNothingSent
	}
	answer, err := s.sim.DeliverStatus(ctx, base, c, simulator.Receipt{
		ID: about.ProviderID, To: about.To, State: in.State, ErrorCode: in.Code, ErrorText: in.Text, Callback: about.Callback,
	})
	if err != nil {
		return nil, err
	}
	if !answer.OK() {
		return nil, fmt.Errorf("the program answered the receipt with %d %s", answer.Status, answer.Body)
	}
	return map[string]any{"id": about.ProviderID, "to": about.To}, nil
}
