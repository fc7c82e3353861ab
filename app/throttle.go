package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"

	"tributary/api/route"
	"tributary/wording"
)

// noProxies is the value of TRUSTED_PROXIES with which no proxy is trusted.
const noProxies = "none"

// validateThrottle checks what limits how often clients may call.
func (c *Config) validateThrottle() error {
	if _, err := c.trustedProxies(); err != nil {
		return err
	}
	if _, err := networks("RACK_ATTACK_ALLOWED_IPS", c.ThrottleAllowed); err != nil {
		return err
	}
	for name, limit := range map[string]int{
		"RACK_ATTACK_LIMIT": c.RequestLimit, "RATE_LIMIT_CONTACT_SEARCH": c.ContactSearches,
		"RATE_LIMIT_REPORTS_API_USER_LEVEL": c.ReportsOfUser, "RATE_LIMIT_REPORTS_API_ACCOUNT_LEVEL": c.ReportsOfAccount,
	} {
		if limit < 1 {
			return fmt.Errorf("%s: must be more than 0", name)
		}
	}
	if c.PresenceSeconds < 1 {
		return errors.New("PRESENCE_DURATION: must be more than 0")
	}
	if _, ok := wording.ParseLocale(c.DefaultLocale); !ok {
		return fmt.Errorf("DEFAULT_LOCALE: %q is no language of this program", c.DefaultLocale)
	}
	return nil
}

// trustedProxies are the networks of TRUSTED_PROXIES; nil: the private ones.
func (c *Config) trustedProxies() ([]netip.Prefix, error) {
	if len(c.TrustedProxies) == 1 && strings.TrimSpace(c.TrustedProxies[0]) == noProxies {
		return []netip.Prefix{}, nil
	}
	return networks("TRUSTED_PROXIES", c.TrustedProxies)
}

// networks reads addresses and networks; nil where there are none.
func networks(name string, list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		p, err := netip.ParsePrefix(text)
		if ip, bad := netip.ParseAddr(text); bad == nil {
			p, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %q is neither an address nor a network", name, text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// throttled puts the limits on how often clients may call before a handler. What
// providers deliver is never refused: they would give it up.
func (a *App) throttled(next fasthttp.RequestHandler, isHook func([]byte) bool, refused *prometheus.CounterVec) (fasthttp.RequestHandler, error) {
	if !a.cfg.Throttle {
		return next, nil
	}
	allowed, err := networks("RACK_ATTACK_ALLOWED_IPS", a.cfg.ThrottleAllowed)
	if err != nil {
		return nil, err
	}
	proxies, err := a.cfg.trustedProxies()
	if err != nil {
		return nil, err
	}
	t := route.NewThrottle(route.ThrottleOptions{
		Shared: a.counter(), Log: a.log, Now: a.cfg.Now, Requests: a.cfg.RequestLimit, ContactSearch: a.cfg.ContactSearches,
		ReportsUser: a.cfg.ReportsOfUser, ReportsAccount: a.cfg.ReportsOfAccount, Widget: a.cfg.ThrottleWidget,
		Allowed: allowed, TrustedProxies: proxies,
		Exempt: func(path []byte) bool {
			switch string(path) {
			case "/livez", "/readyz", "/metrics":
				return true
			}
			return isHook(path)
		},
		Refused: func(rule string) { refused.WithLabelValues(rule).Inc() },
	})
	return t.Handler(next), nil
}

// counter is where processes count together: Redis, or the database where there is
// none. One process on the embedded database is alone.
func (a *App) counter() route.Counter {
	switch {
	case a.redis != nil:
		return redisCounter{a.redis, a.cfg.RedisPrefix + ":throttle:"}
	case !a.cfg.Embedded():
		return a.store
	}
	return nil
}

// redisCounter counts in Redis.
type redisCounter struct {
	client redis.UniversalClient
	prefix string
}

// CountHits implements route.Counter.
func (c redisCounter) CountHits(ctx context.Context, name string, n int64, ends time.Time) (int64, error) {
	key := c.prefix + name + ":" + strconv.FormatInt(ends.Unix(), 10)
	pipe := c.client.TxPipeline()
	sum := pipe.IncrBy(ctx, key, n)
	pipe.ExpireAt(ctx, key, ends.Add(time.Minute)) // Redis may be ahead of us
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, fmt.Errorf("app: count in Redis: %w", err)
	}
	return sum.Val(), nil
}
