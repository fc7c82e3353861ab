package app

import "testing"

// TestRedisAddress: Chatwoot's variables become an address; what the address itself
// says counts.
func TestRedisAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		env  []string
		want string
	}{
		{"nothing", nil, ""},
		{"a password without Redis", []string{"REDIS_PASSWORD=p"}, ""},
		{"an address", []string{"REDIS_URL=redis://h:1/2"}, "redis://h:1/2"},
		{"a password", []string{"REDIS_URL=rediss://h:1/2", "REDIS_PASSWORD=p@s/s"}, "rediss://:p%40s%2Fs@h:1/2"},
		{"two passwords", []string{"REDIS_URL=redis://:own@h:1", "REDIS_PASSWORD=p"}, "redis://:own@h:1"},
		{"sentinels", []string{"REDIS_SENTINELS=a:1, b", "REDIS_SENTINEL_MASTER_NAME=m"}, "redis://a:1?addr=b%3A26379&master_name=m"},
		{
			"sentinels with Redis' password",
			[]string{"REDIS_URL=rediss://u@ignored:5/3", "REDIS_PASSWORD=p", "REDIS_SENTINELS=a:1"},
			"rediss://:p@a:1/3?master_name=mymaster&password=p&username=u",
		},
		{
			"sentinels with a password of their own",
			[]string{"REDIS_PASSWORD=p", "REDIS_SENTINELS=a:1", "REDIS_SENTINEL_PASSWORD=q"},
			"redis://:q@a:1?master_name=mymaster&password=p",
		},
		{
			"sentinels without a password",
			[]string{"REDIS_PASSWORD=p", "REDIS_SENTINELS=a:1", "REDIS_SENTINEL_PASSWORD="},
			"redis://a:1?master_name=mymaster&password=p",
		},
	} {
		cfg, err := LoadConfig(c.env, nil)
		if err != nil || cfg.RedisURL != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.name, cfg.RedisURL, err, c.want)
		}
	}
	if _, err := LoadConfig([]string{"REDIS_URL=redis://:se cret\x7f@h", "REDIS_PASSWORD=p"}, nil); err == nil || err.Error() != "REDIS_URL: not a URL" {
		t.Errorf("not a URL: %v", err)
	}
}
