package graph

import (
	"encoding/json"
	"math"
	"net/http"
	"time"
)

// pauseFrom is the share of a quota from which on an account is left alone.
const pauseFrom = 90

// Pause is how long the account's calls have to pause: what Meta estimates, once 90
// % of any counter are used. 0: go on, or Meta does not say for how long.
func (u Usage) Pause() time.Duration {
	if u.Percent < pauseFrom {
		return 0
	}
	return u.Regain
}

// counters are percentages of a rolling hour's allowance.
var counters = []string{"call_count", "total_cputime", "total_time"}

// readUsage reads the headers in which Meta says how much of the quotas is used:
// X-Business-Use-Case-Usage is an object of lists by account, X-App-Usage one flat
// object. When the first does not name the account, all of its accounts count. ok
// is false when there is nothing to read.
func readUsage(header http.Header, waba string) (u Usage, ok bool) {
	for _, text := range header.Values("X-Business-Use-Case-Usage") {
		var accounts map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &accounts) != nil {
			continue
		}
		if list, named := accounts[waba]; named {
			ok = u.addList(list) || ok
			continue
		}
		for _, list := range accounts {
			ok = u.addList(list) || ok
		}
	}
	for _, text := range header.Values("X-App-Usage") {
		ok = u.add([]byte(text)) || ok
	}
	return u, ok
}

func (u *Usage) addList(raw []byte) (ok bool) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return false
	}
	for _, one := range list {
		ok = u.add(one) || ok
	}
	return ok
}

// add takes one set of counters in.
func (u *Usage) add(raw []byte) (ok bool) {
	var set map[string]json.RawMessage
	if json.Unmarshal(raw, &set) != nil {
		return false
	}
	for _, name := range counters {
		if n, there := number(set[name]); there {
			ok = true
			u.Percent = max(u.Percent, int(math.Ceil(min(max(n, 0), math.MaxInt32))))
		}
	}
	if minutes, there := number(set["estimated_time_to_regain_access"]); there {
		ok = true
		u.Regain = max(u.Regain, wait(minutes, time.Minute))
	}
	return ok
}
