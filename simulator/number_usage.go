package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// Quota of the management calls of an account (WhatsApp Business Platform, "Rate
// limits"): 200 in an hour while none of its numbers is registered, 5,000
// afterwards. Calls that are refused count, too (Graph API, "Rate limits").

const (
	quotaIdle   = 200
	quotaActive = 5000
	quotaWindow = time.Hour
)

// usage are the calls of the last hour.
type usage struct {
	times   []time.Time
	head    int // the first that counts
	max     int
	total   int
	refused int
}

// add counts a call and returns how many there were in the hour.
func (u *usage) add(now time.Time) int {
	for u.head < len(u.times) && !u.times[u.head].After(now.Add(-quotaWindow)) {
		u.head++
	}
	if u.head > len(u.times)/2 {
		u.times = append(u.times[:0], u.times[u.head:]...)
		u.head = 0
	}
	u.times = append(u.times, now)
	u.total++
	count := len(u.times) - u.head
	u.max = max(u.max, count)
	return count
}

// regain is how long it takes until fewer than so many calls are left.
func (u *usage) regain(now time.Time, below int) time.Duration {
	i := len(u.times) - below // the last that has to leave
	if i < u.head || i >= len(u.times) {
		return 0
	}
	return u.times[i].Add(quotaWindow).Sub(now)
}

// charge counts a management call, puts the usage into the answer's header, and
// refuses when the quota is used up.
func (w *WABA) charge(h http.Header, now time.Time) *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	quota := quotaIdle
	if w.registered > 0 {
		quota = quotaActive
	}
	count := w.usage.add(now)
	percent := count * 100 / quota
	var wait time.Duration
	if percent >= 90 {
		wait = w.usage.regain(now, quota*90/100)
	}
	h.Set("X-Business-Use-Case-Usage", usageHeader(w.ID, percent, wait))
	if count <= quota {
		return nil
	}
	w.usage.refused++
	return known("80008")
}

func usageHeader(id string, percent int, wait time.Duration) string {
	b := make([]byte, 0, 160)
	b = append(b, `{"`...)
	b = append(b, id...)
	b = append(b, `":[{"type":"whatsapp_business_management","call_count":`...)
	b = strconv.AppendInt(b, int64(percent), 10)
	// Time is never what is scarce.
	b = append(b, `,"total_cputime":`...)
	b = strconv.AppendInt(b, int64(percent/8), 10)
	b = append(b, `,"total_time":`...)
	b = strconv.AppendInt(b, int64(percent/6), 10)
	b = append(b, `,"estimated_time_to_regain_access":`...)
	b = strconv.AppendInt(b, int64((wait+time.Minute-1)/time.Minute), 10)
	return string(append(b, `}]}`...))
}
