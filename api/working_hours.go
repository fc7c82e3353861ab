package api

import (
	"context"
	"slices"
	"strconv"

	"tributary/api/route"
	"tributary/internal/validate"
	"tributary/store"
)

// hoursIn are the hours of a day; absent keys stay as they are.
type hoursIn struct {
	ClosedAllDay route.Opt[bool] `json:"closed_all_day"`
	OpenAllDay   route.Opt[bool] `json:"open_all_day"`
	OpenHour     route.Opt[int]  `json:"open_hour"`
	OpenMinutes  route.Opt[int]  `json:"open_minutes"`
	CloseHour    route.Opt[int]  `json:"close_hour"`
	CloseMinutes route.Opt[int]  `json:"close_minutes"`
}

const (
	lastHour   = 23
	lastMinute = 59
)

// apply changes h by what was sent and notes what is impossible about it: a day is
// closed, or open for a while.
func (in hoursIn) apply(h *store.WorkingHour, errs *validate.Errors) {
	in.ClosedAllDay.Apply(&h.ClosedAllDay)
	in.OpenAllDay.Apply(&h.OpenAllDay)
	in.OpenHour.ApplyPtr(&h.OpenHour)
	in.OpenMinutes.ApplyPtr(&h.OpenMinutes)
	in.CloseHour.ApplyPtr(&h.CloseHour)
	in.CloseMinutes.ApplyPtr(&h.CloseMinutes)
	if h.OpenAllDay {
		h.OpenHour, h.OpenMinutes, h.CloseHour, h.CloseMinutes = new(0), new(0), new(lastHour), new(lastMinute)
	}
	if h.ClosedAllDay && h.OpenAllDay {
		errs.Add(validate.Base, "A day is either closed or open all day")
	}
	for _, bound := range []struct {
		name string
		v    *int
		max  int
	}{
		{"open_hour", h.OpenHour, lastHour},
		{"open_minutes", h.OpenMinutes, lastMinute},
		{"close_hour", h.CloseHour, lastHour},
		{"close_minutes", h.CloseMinutes, lastMinute},
	} {
		switch {
		case bound.v == nil:
			if !h.ClosedAllDay {
				errs.Add(bound.name, validate.Blank)
			}
		case *bound.v < 0:
			errs.Add(bound.name, "must be greater than or equal to 0")
		case *bound.v > bound.max:
			errs.Add(bound.name, "must be less than or equal to "+strconv.Itoa(bound.max))
		}
	}
	const hour = 60
	if !h.ClosedAllDay && !errs.Any() && *h.OpenHour*hour+*h.OpenMinutes >= *h.CloseHour*hour+*h.CloseMinutes {
		errs.Add("close_hour", "Closing time cannot be before opening time")
	}
}

// workingHourIn is one day of an inbox.
type workingHourIn struct {
	hoursIn
	DayOfWeek route.Opt[int] `json:"day_of_week"`
}

// changedHours applies the sent days to the stored ones. Days that end up
// impossible are left as they were; a day that does not exist is an error.
func changedHours(stored []store.WorkingHour, sent []workingHourIn) ([]store.WorkingHour, error) {
	var out []store.WorkingHour
	for _, in := range sent {
		day, ok := in.DayOfWeek.Get()
		n := slices.IndexFunc(stored, func(h store.WorkingHour) bool { return h.DayOfWeek == day })
		if !ok || n < 0 {
			return nil, validate.Fail("day_of_week", validate.NotListed)
		}
		var errs validate.Errors
		h := stored[n]
		if in.apply(&h, &errs); !errs.Any() {
			out = append(out, h)
		}
	}
	return out, nil
}

// weekdays are the days of an inbox. The id of a day counts the days of all inboxes:
// those of the first are 1 (Sunday) to 7.
const weekdays = 7

// workingHour reads a day of one of the account's inboxes.
func (a *API) workingHour(ctx context.Context, c *route.Call, id int64) (inboxID int64, h store.WorkingHour, err error) {
	inboxID = (id-1)/weekdays + 1
	i, err := a.Store.Inbox(ctx, c.Account.ID, inboxID)
	if err != nil {
		return 0, h, found(err)
	}
	n := slices.IndexFunc(i.WorkingHours, func(h store.WorkingHour) bool { return int64(h.DayOfWeek) == (id-1)%weekdays })
	if n < 0 {
		return 0, h, found(store.ErrNotFound)
	}
	return inboxID, i.WorkingHours[n], nil
}

func (a *API) workingHourExists(ctx context.Context, c *route.Call, id int64) error {
	_, _, err := a.workingHour(ctx, c, id)
	return err
}

type updateWorkingHourIn struct {
	ID    int64   `path:"id"`
	Hours hoursIn `json:"working_hour"`
}

func (a *API) updateWorkingHour(ctx context.Context, c *route.Call, in updateWorkingHourIn) (workingHourOut, error) {
	inboxID, h, err := a.workingHour(ctx, c, in.ID)
	if err != nil {
		return workingHourOut{}, err
	}
	var errs validate.Errors
	in.Hours.apply(&h, &errs)
	if err := errs.Err(); err != nil {
		return workingHourOut{}, err
	}
	if err := a.Desk.ChangeWorkingHour(ctx, c.Account.ID, inboxID, h); err != nil {
		return workingHourOut{}, err
	}
	return newWorkingHourOut(h), nil
}
