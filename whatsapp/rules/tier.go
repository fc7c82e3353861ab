package rules

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Tier is a messaging limit as health shows it, TIER_250 or TIER_UNLIMITED. Webhooks
// give it as a number of customers, -1 for no limit, or as the word itself, with two
// spellings for a thousand. What it cannot read is "", a word that it does not know
// stays.
func Tier(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case json.RawMessage:
		var x any
		dec := json.NewDecoder(strings.NewReader(string(v)))
		dec.UseNumber()
		if dec.Decode(&x) != nil {
			return ""
		}
		return Tier(x)
	case json.Number:
		return Tier(v.String())
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > math.MaxInt32 {
			return ""
		}
		return tierOf(int64(v))
	case int:
		return tierOf(int64(v))
	case int64:
		return tierOf(v)
	case *string:
		if v == nil {
			return ""
		}
		return Tier(*v)
	case string:
		word := upper(v)
		if n, err := strconv.ParseInt(strings.TrimPrefix(word, "TIER_"), 10, 64); err == nil {
			return tierOf(n)
		}
		return word
	}
	return ""
}

func tierOf(n int64) string {
	switch {
	case n < 0:
		return "TIER_UNLIMITED"
	case n == 0:
		return ""
	case n%1000 == 0:
		return "TIER_" + strconv.FormatInt(n/1000, 10) + "K"
	}
	return "TIER_" + strconv.FormatInt(n, 10)
}

// limit is the number of customers of a tier; ok is false for words that are none.
func limit(tier string) (n int64, ok bool) {
	word, isTier := strings.CutPrefix(tier, "TIER_")
	if !isTier {
		return 0, false
	}
	if word == "UNLIMITED" {
		return math.MaxInt64, true
	}
	factor := int64(1)
	if thousands, k := strings.CutSuffix(word, "K"); k {
		word, factor = thousands, 1000
	}
	n, err := strconv.ParseInt(word, 10, 32)
	return n * factor, err == nil && n > 0
}
