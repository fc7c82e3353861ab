package desk

import (
	"time"

	"tributary/store"
)

// BusinessSeconds are the whole seconds of [from, to) in which an inbox is open by its
// hours. Days are those of the zone, with the hours that clocks show there: the day on
// which they are set forward is an hour shorter. A day that is open throughout ends at
// 23:59, as Chatwoot counts it. Hours that make no sense are closed.
func BusinessSeconds(days []store.WorkingHour, zone *time.Location, from, to time.Time) int64 {
	var week [7]window
	opens := false
	for _, d := range days {
		if d.DayOfWeek >= 0 && d.DayOfWeek < len(week) {
			week[d.DayOfWeek] = windowOf(d)
			opens = opens || week[d.DayOfWeek].opens < week[d.DayOfWeek].closes
		}
	}
	if !opens || !from.Before(to) {
		return 0
	}
	var open time.Duration
	first := from.In(zone)
	for day := time.Date(first.Year(), first.Month(), first.Day(), 12, 0, 0, 0, time.UTC); ; day = day.AddDate(0, 0, 1) {
		at := func(minutes int) time.Time {
			return time.Date(day.Year(), day.Month(), day.Day(), 0, minutes, 0, 0, zone)
		}
		if !at(0).Before(to) {
			break
		}
		w := week[day.Weekday()]
		if w.opens >= w.closes {
			continue
		}
		begins, ends := at(w.opens), at(w.closes)
		if begins.Before(from) {
			begins = from
		}
		if ends.After(to) {
			ends = to
		}
		if begins.Before(ends) {
			open += ends.Sub(begins)
		}
	}
	return int64(open.Round(time.Second) / time.Second)
}

// window is when a day is open, in minutes from midnight: from opens to before closes.
type window struct{ opens, closes int }

func windowOf(d store.WorkingHour) window {
	const day = 24 * 60
	switch {
	case d.ClosedAllDay:
		return window{}
	case d.OpenAllDay:
		return window{0, day - 1}
	}
	minutes := func(hour, minute *int) (int, bool) {
		if hour == nil || minute == nil || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59 {
			return 0, false
		}
		return *hour*60 + *minute, true
	}
	opens, ok := minutes(d.OpenHour, d.OpenMinutes)
	closes, also := minutes(d.CloseHour, d.CloseMinutes)
	if !ok || !also {
		return window{}
	}
	return window{opens, closes}
}
