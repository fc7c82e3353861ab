package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/queue/redisq"
)

// sentinelPort is where a Sentinel listens whose port is not named.
const sentinelPort = "26379"

// completeRedis puts what Chatwoot's variables say of Redis into its address, whose
// own word counts. own says that the Sentinels' password was given, if only as none.
func (c *Config) completeRedis(own bool) error {
	if len(c.RedisSentinels) == 0 && (c.RedisURL == "" || c.RedisPassword == "") {
		return nil
	}
	address := c.RedisURL
	if address == "" {
		address = "redis://"
	}
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("REDIS_URL: not a URL") // err quotes it, which may hold a password
	}
	user := u.User.Username()
	password, has := u.User.Password()
	if !has {
		password = c.RedisPassword
	}
	u.User = url.UserPassword(user, password)
	if len(c.RedisSentinels) > 0 {
		c.watched(u, user, password, own)
	}
	c.RedisURL = u.String()
	return nil
}

// watched makes the address one of Sentinels: theirs are host and password, Redis'
// are parameters.
func (c *Config) watched(u *url.URL, user, password string, own bool) {
	var all []string
	for _, s := range c.RedisSentinels {
		s = strings.TrimSpace(s)
		if _, _, err := net.SplitHostPort(s); err != nil {
			s = net.JoinHostPort(s, sentinelPort)
		}
		all = append(all, s)
	}
	u.Host = all[0]
	query := u.Query()
	query["addr"] = all[1:]
	query.Set("master_name", c.RedisMaster)
	if user != "" {
		query.Set("username", user)
	}
	if password != "" {
		query.Set("password", password)
	}
	u.RawQuery = query.Encode()
	if own {
		password = c.RedisSentinelPassword
	}
	u.User = nil
	if password != "" {
		u.User = url.UserPassword("", password)
	}
}

func openRedis(cfg *Config) (redis.UniversalClient, *redisq.Log, error) {
	client, err := redisq.NewClient(cfg.RedisURL, cfg.Partitions)
	if err != nil {
		return nil, nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	var q *redisq.Log
	if err = refuseNode(client); err == nil {
		q, err = redisq.New(client, redisq.Options{Partitions: cfg.Partitions, Prefix: cfg.RedisPrefix, Now: cfg.Now})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("REDIS_URL: %w", errors.Join(err, client.Close()))
	}
	return client, q, nil
}

// refuseNode refuses a node of a Cluster that is addressed as if it were alone: it
// would do until the Cluster moves our keys to another node.
func refuseNode(client redis.UniversalClient) error {
	alone, ok := client.(*redis.Client)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	info, err := alone.Info(ctx, "cluster").Result()
	if err != nil {
		return nil //nolint:nilerr // it does not answer, which is told by who needs it, or does not say
	}
	if strings.Contains(info, "cluster_enabled:1") {
		return errors.New("this is a node of a Redis Cluster; name another one too: redis://HOST:PORT?addr=HOST:PORT")
	}
	return nil
}
