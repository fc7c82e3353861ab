package desk_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"tributary/desk"
	"tributary/store"
)

func usualHours() []store.WorkingHour {
	nine, five, zero := 9, 17, 0
	var out []store.WorkingHour
	for day := range 7 {
		h := store.WorkingHour{DayOfWeek: day, ClosedAllDay: true}
		if day > 0 && day < 6 {
			h = store.WorkingHour{DayOfWeek: day, OpenHour: &nine, OpenMinutes: &zero, CloseHour: &five, CloseMinutes: &zero}
		}
		out = append(out, h)
	}
	return out
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestBusinessSeconds(t *testing.T) {
	t.Parallel()
	berlin, kolkata := zone(t, "Europe/Berlin"), zone(t, "Asia/Kolkata")
	three, one, half := 3, 1, 30
	always := make([]store.WorkingHour, 7)
	night := make([]store.WorkingHour, 7) // 1:30 to 3:30
	for day := range 7 {
		always[day] = store.WorkingHour{DayOfWeek: day, OpenAllDay: true}
		night[day] = store.WorkingHour{DayOfWeek: day, OpenHour: &one, OpenMinutes: &half, CloseHour: &three, CloseMinutes: &half}
	}
	bad := 99
	for _, c := range []struct {
		name     string
		days     []store.WorkingHour
		zone     *time.Location
		from, to string
		want     int64
	}{
		{"a week", usualHours(), time.UTC, "2026-03-01T00:00:00Z", "2026-03-07T23:59:00Z", 144000},
		{"a weekend", usualHours(), time.UTC, "2026-02-28T00:00:00Z", "2026-03-02T09:00:00Z", 0},
		{"half a minute", usualHours(), time.UTC, "2026-03-02T08:59:45Z", "2026-03-02T09:00:30Z", 30},
		{"over a night", usualHours(), time.UTC, "2026-03-02T16:00:00Z", "2026-03-03T10:00:00Z", 7200},
		{"another zone", usualHours(), kolkata, "2026-03-02T00:00:00Z", "2026-03-02T05:00:00Z", 90 * 60},
		{"a day that is open throughout", always, time.UTC, "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", 86340},
		{"the clock is set forward", night, berlin, "2026-03-29T00:00:00+01:00", "2026-03-29T12:00:00+02:00", 3600},
		{"the clock is set back", night, berlin, "2026-10-25T00:00:00+02:00", "2026-10-25T12:00:00+01:00", 3 * 3600},
		{"nothing", usualHours(), time.UTC, "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z", 0},
		{"backwards", usualHours(), time.UTC, "2026-03-02T11:00:00Z", "2026-03-02T10:00:00Z", 0},
		{"no hours", nil, time.UTC, "2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z", 0},
		{
			"hours that make no sense",
			[]store.WorkingHour{{DayOfWeek: 1}, {DayOfWeek: 2, OpenHour: &bad, OpenMinutes: &bad, CloseHour: &bad, CloseMinutes: &bad}, {DayOfWeek: -1, OpenAllDay: true}, {DayOfWeek: 7, OpenAllDay: true}},
			time.UTC, "2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z", 0,
		},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := time.Parse(time.RFC3339, c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := desk.BusinessSeconds(c.days, c.zone, from, to); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// slowly counts the open seconds one by one, as the clocks of the zone show them.
func slowly(days []store.WorkingHour, z *time.Location, from, to time.Time) (n int64) {
	for at := from; at.Before(to); at = at.Add(time.Second) {
		local := at.In(z)
		minute := local.Hour()*60 + local.Minute()
		for _, d := range days {
			if d.DayOfWeek != int(local.Weekday()) || d.ClosedAllDay {
				continue
			}
			opens, closes := 0, 23*60+59
			if !d.OpenAllDay {
				opens, closes = *d.OpenHour*60+*d.OpenMinutes, *d.CloseHour*60+*d.CloseMinutes
			}
			if minute >= opens && minute < closes {
				n++
			}
		}
	}
	return n
}

// Counted at once and second by second is the same, whatever the hours and the zone;
// and two halves are as long as the whole.
func FuzzBusinessSeconds(f *testing.F) {
	f.Add(uint64(1), int64(1_772_000_000), uint32(90_000), uint8(0))
	f.Add(uint64(2), int64(1_774_700_000), uint32(200_000), uint8(1)) // Berlin's clocks are set forward
	f.Add(uint64(3), int64(1_792_800_000), uint32(172_800), uint8(3)) // and back
	zones := []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"}
	f.Fuzz(func(t *testing.T, seed uint64, start int64, length uint32, where uint8) {
		z := zone(t, zones[int(where)%len(zones)])
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // tests
		days := make([]store.WorkingHour, 7)
		for i := range days {
			// From 4 o'clock: what is open while the clocks are set has cases of its own.
			a, b := 4*60+r.IntN(20*60), 4*60+r.IntN(20*60)
			oh, om, ch, cm := a/60, a%60, b/60, b%60
			days[i] = store.WorkingHour{
				DayOfWeek: i, ClosedAllDay: r.IntN(5) == 0, OpenHour: &oh, OpenMinutes: &om, CloseHour: &ch, CloseMinutes: &cm,
			}
		}
		start = 946_684_800 + (start%1_200_000_000+1_200_000_000)%1_200_000_000
		from, to := time.Unix(start, 0), time.Unix(start+int64(length%400_000), 0)
		got, want := desk.BusinessSeconds(days, z, from, to), slowly(days, z, from, to)
		if got != want {
			t.Fatalf("%v to %v in %v: got %d, want %d", from, to, z, got, want)
		}
		middle := time.Unix((from.Unix()+to.Unix())/2, 0)
		if halves := desk.BusinessSeconds(days, z, from, middle) + desk.BusinessSeconds(days, z, middle, to); halves != got {
			t.Fatalf("halves: got %d, want %d", halves, got)
		}
	})
}
