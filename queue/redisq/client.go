package redisq

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
)

// NewClient makes a client that suits a Log with so many partitions: every leased
// partition may hold a connection while it waits, and an unreachable server fails
// within seconds. address is redis:// or rediss://; with master_name it names
// Sentinels, with addr the further nodes of a Cluster.
func NewClient(address string, partitions int) (redis.UniversalClient, error) {
	const (
		dial  = time.Second
		io    = 3 * time.Second
		spare = 16
		tries = 1
	)
	u, err := url.Parse(address)
	if err != nil {
		// The error of url.Parse quotes the address, which may hold a password.
		return nil, errors.New("redisq: the address is not a URL")
	}
	query := u.Query()
	switch {
	case query.Has("master_name"):
		o, err := redis.ParseFailoverURL(address)
		if err != nil {
			return nil, fmt.Errorf("redisq: sentinel address: %w", err)
		}
		o.ContextTimeoutEnabled, o.MaxRetries, o.DialTimeout = true, tries, dial
		o.ReadTimeout, o.WriteTimeout, o.PoolSize = io, io, partitions+spare
		return redis.NewFailoverClient(o), nil
	case query.Has("addr"):
		o, err := redis.ParseClusterURL(address)
		if err != nil {
			return nil, fmt.Errorf("redisq: cluster address: %w", err)
		}
		o.ContextTimeoutEnabled, o.MaxRetries, o.DialTimeout = true, tries, dial
		o.ReadTimeout, o.WriteTimeout, o.PoolSize = io, io, partitions+spare
		return redis.NewClusterClient(o), nil
	}
	o, err := redis.ParseURL(address)
	if err != nil {
		return nil, fmt.Errorf("redisq: address: %w", err)
	}
	o.ContextTimeoutEnabled, o.MaxRetries, o.DialTimeout = true, tries, dial
	o.ReadTimeout, o.WriteTimeout, o.PoolSize = io, io, partitions+spare
	return redis.NewClient(o), nil
}
