package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"tributary/api/route"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/operator"
	"tributary/queue"
)

const operatorPrefix = "/api/v1/operator"

func (a *API) operator() []route.Row {
	event := operatorPrefix + "/events/{id}"
	list := []route.Row{
		route.Get(operatorPrefix+"/overview", route.Operator, a.showOperatorOverview).Doc("How the installation is doing, the worst part first"),
		route.Get(operatorPrefix+"/queue", route.Operator, a.showOperatorQueue).
			Doc("Partitions of the queue, those first where nothing moves, and lanes of deferred work"),
		route.Get(operatorPrefix+"/events", route.Operator, a.listOperatorEvents).
			Doc("Events in the queue by their state; dead letters with their groups"),
		route.Get(event, route.Operator, a.showOperatorEvent).Doc("An event in the queue with what it holds, without secrets").Fails(http.StatusNotFound),
		route.Post(event+"/replay", route.Operator, a.replayOperatorEvent).
			Doc("Puts a dead letter, or an event that was applied, back into the queue").Fails(http.StatusNotFound),
		route.Post(event+"/discard", route.Operator, a.discardOperatorEvent).Doc("Removes a dead letter for good").Fails(http.StatusNotFound),
		route.Post(operatorPrefix+"/events/replay", route.Operator, a.replayOperatorEvents).
			Doc("Replays dead letters that match, some hundreds a call; counts them when dry_run is true"),
		route.Get(operatorPrefix+"/deliveries", route.Operator, a.listOperatorDeliveries).
			Doc("Replies that wait for their provider, that failed, or the last tries of this process"),
		route.Get(operatorPrefix+"/channels", route.Operator, a.listOperatorChannels).Doc("All inboxes of the installation, the worst first"),
	}
	for i := range list {
		list[i] = list[i].Answers(http.StatusServiceUnavailable, operatorAway{})
	}
	return list
}

// operatorAway says that the queue does not answer.
type operatorAway struct {
	Error string `json:"error"`
}

// operatorProblem is an error of the queue as it is answered.
func operatorProblem(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, queue.ErrNotFound):
		return chat.NotFound()
	case errors.Is(err, queue.ErrFull):
		return &chat.Error{Code: chat.CodeConflict, Message: "The queue is full"}
	case errors.Is(err, queue.ErrUnavailable), errors.Is(err, operator.ErrQueueAway), errors.Is(err, context.DeadlineExceeded):
		return &route.Problem{Status: http.StatusServiceUnavailable, Body: operatorAway{"The queue does not answer"}, Err: err}
	}
	return err
}

func (a *API) showOperatorOverview(ctx context.Context, _ *route.Call, _ none) (operatorOverviewOut, error) {
	o, err := a.Operator.Overview(ctx)
	if err != nil {
		return operatorOverviewOut{}, operatorProblem(err)
	}
	return a.newOperatorOverviewOut(o), nil
}

func (a *API) showOperatorQueue(ctx context.Context, _ *route.Call, _ none) (operatorQueueOut, error) {
	q, err := a.Operator.State(ctx)
	if err != nil {
		return operatorQueueOut{}, operatorProblem(err)
	}
	return newOperatorQueueOut(q), nil
}

type operatorEventsIn struct {
	// State is dead, pending, delayed, waiting or done; dead when it is not given.
	State   string     `query:"state"`
	Channel string     `query:"channel"`
	Reason  string     `query:"reason"` // of a group
	Page    route.Page `query:"page"`
}

// operatorStates are the states of events that can be listed.
var operatorStates = []string{queue.StateDead, queue.StatePending, queue.StateDelayed, queue.StateWaiting, queue.StateDone}

func (a *API) listOperatorEvents(ctx context.Context, _ *route.Call, in operatorEventsIn) (operatorEventsOut, error) {
	var errs validate.Errors
	if in.State == "" {
		in.State = queue.StateDead
	}
	errs.OneOf("state", in.State, operatorStates...)
	if errs.Any() {
		return operatorEventsOut{}, errs.Err()
	}
	page, err := a.Operator.Events(ctx, operator.EventFilter{State: in.State, Channel: in.Channel, Group: in.Reason, Page: in.Page.Number()})
	if err != nil {
		return operatorEventsOut{}, operatorProblem(err)
	}
	out := newOperatorEventsOut(page)
	out.Page = in.Page.Number()
	return out, nil
}

type operatorEventIn struct {
	ID string `path:"id"`
}

func (a *API) showOperatorEvent(ctx context.Context, _ *route.Call, in operatorEventIn) (operatorEventDetailOut, error) {
	e, err := a.Operator.Event(ctx, in.ID)
	if err != nil {
		return operatorEventDetailOut{}, operatorProblem(err)
	}
	return newOperatorEventDetailOut(e), nil
}

func (a *API) replayOperatorEvent(ctx context.Context, c *route.Call, in operatorEventIn) (route.Empty, error) {
	return route.Empty{}, operatorProblem(a.Operator.Replay(ctx, actor(c), in.ID))
}

type discardEventIn struct {
	ID     string `path:"id"`
	Reason string `json:"reason"`
}

// maxDiscardReason is how long the reason may be, in characters.
const maxDiscardReason = 1000

func (a *API) discardOperatorEvent(ctx context.Context, c *route.Call, in discardEventIn) (route.Empty, error) {
	reason := strings.TrimSpace(in.Reason)
	var errs validate.Errors
	errs.Present("reason", reason)
	errs.MaxLen("reason", reason, maxDiscardReason)
	if errs.Any() {
		return route.Empty{}, errs.Err()
	}
	return route.Empty{}, operatorProblem(a.Operator.Discard(ctx, actor(c), in.ID, reason))
}

type replayEventsIn struct {
	Channel string `json:"channel"`
	Reason  string `json:"reason"` // of a group
	// Before is what an earlier call answered: letters that died later are left.
	Before string `json:"before"`
	DryRun bool   `json:"dry_run"`
}

func (a *API) replayOperatorEvents(ctx context.Context, c *route.Call, in replayEventsIn) (operatorReplayedOut, error) {
	match := operator.Match{Channel: in.Channel, Group: in.Reason}
	if in.Before != "" {
		var err error
		if match.Before, err = time.Parse(time.RFC3339Nano, in.Before); err != nil {
			var errs validate.Errors
			errs.Add("before", "is no moment")
			return operatorReplayedOut{}, errs.Err()
		}
	}
	r, err := a.Operator.ReplayMatching(ctx, actor(c), match, in.DryRun)
	if err != nil {
		return operatorReplayedOut{}, operatorProblem(err)
	}
	return operatorReplayedOut{
		Matched: r.Matched, Replayed: r.Replayed, Left: r.Left, Partial: r.Partial,
		Before: r.Before.UTC().Format(time.RFC3339Nano), DryRun: in.DryRun,
	}, nil
}

type operatorDeliveriesIn struct {
	// State is waiting, failed or attempts; waiting when it is not given.
	State   string     `query:"state"`
	InboxID int64      `query:"inbox_id"`
	Page    route.Page `query:"page"`
}

func (a *API) listOperatorDeliveries(ctx context.Context, _ *route.Call, in operatorDeliveriesIn) (operatorDeliveriesOut, error) {
	var errs validate.Errors
	if in.State == "" {
		in.State = operator.Waiting
	}
	errs.OneOf("state", in.State, operator.Waiting, operator.Failed, operator.Attempts)
	if errs.Any() {
		return operatorDeliveriesOut{}, errs.Err()
	}
	page, err := a.Operator.Deliveries(ctx, operator.DeliveryFilter{Kind: in.State, InboxID: in.InboxID, Page: in.Page.Number()})
	if err != nil {
		return operatorDeliveriesOut{}, operatorProblem(err)
	}
	out := newOperatorDeliveriesOut(page)
	out.Page = in.Page.Number()
	return out, nil
}

type operatorChannelsIn struct {
	InboxID int64      `query:"inbox_id"`
	Page    route.Page `query:"page"`
}

func (a *API) listOperatorChannels(ctx context.Context, _ *route.Call, in operatorChannelsIn) (operatorChannelsOut, error) {
	if err := a.current(ctx); err != nil {
		return operatorChannelsOut{}, err
	}
	page, err := a.Operator.Channels(ctx, in.InboxID, in.Page.Number())
	if err != nil {
		return operatorChannelsOut{}, operatorProblem(err)
	}
	out := newOperatorChannelsOut(page)
	out.Page = in.Page.Number()
	return out, nil
}
