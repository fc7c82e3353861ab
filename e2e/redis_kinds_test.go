package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/internal/testkit"
	"tributary/simulator"
)

// authority signs certificates of a test.
type authority struct {
	dir  string
	pem  string // file of its own certificate
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	a.pem, _, a.key = a.sign(t, "ca", a.cert, a.cert)
	return a
}

// sign writes a certificate and its key.
func (a *authority) sign(t testing.TB, name string, c, parent *x509.Certificate) (cert, key string, private *ecdsa.PrivateKey) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = private
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &private.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(a.dir, name+".crt"), filepath.Join(a.dir, name+".key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, private
}

// carries lets customers write and agents answer: the queue works.
func (p *program) carries(ch *simulator.Channel, extra map[string]string) {
	p.t.Helper()
	p.spawn(extra)
	const contacts = 10
	l := begin(p, ch, contacts, 0, 2*time.Millisecond)
	testkit.Wait(p.t, 30*time.Second, "traffic", func() bool { return l.total() > 300 })
	l.end()
	l.drained(30 * time.Second)
	l.check()
	p.reply(1, "an answer")
	p.sent(ch, "an answer")
	p.emptiedWith(extra)
}

// emptiedWith is emptied, for a queue that is somewhere else.
func (p *program) emptiedWith(extra map[string]string) {
	p.t.Helper()
	testkit.Wait(p.t, 30*time.Second, "the queue to be empty", func() bool {
		out := p.childCommand(extra, "queue", "stats")
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); len(f) > 3 && f[0] == "total" {
				return strings.Join(f[1:4], " ") == "0 0 0"
			}
		}
		return false
	})
}

// childCommand runs a command as a process of its own, whose whole environment is
// that of the program.
func (p *program) childCommand(extra map[string]string, args ...string) string {
	p.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.CommandContext(p.t.Context(), exe, args...)
	cmd.Env = []string{childMode + "=1"}
	for k, v := range p.environment(extra) {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// onRedis prepares a program with an inbox whose queue is in Redis.
func onRedis(t *testing.T) (*program, *simulator.Channel) {
	t.Helper()
	p := prepare(t, testkit.Backend{Name: "redis"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	p.run(nil)
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	p.stop()
	return p, ch
}

// TestRedisTLS: rediss:// speaks TLS, proves the server's name, and signs in. An
// authority of one's own is named by SSL_CERT_FILE.
func TestRedisTLS(t *testing.T) {
	if !testkit.HasPostgres() {
		return // nor is there Redis
	}
	p, ch := onRedis(t)
	a := newAuthority(t)
	cert, key, _ := a.sign(t, "redis", &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "redis"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert)
	roots := x509.NewCertPool()
	roots.AddCert(must(x509.ParseCertificate(derOf(t, a.pem))))
	server := &redisServer{t: t, dir: t.TempDir(), port: freePort(t)}
	server.args = []string{
		"--port", "0", "--tls-port", fmt.Sprint(server.port), "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", a.pem,
		"--tls-auth-clients", "no", "--requirepass", "a password", "--appendonly", "yes", "--appendfsync", "always", "--save", "",
	}
	server.opt = &redis.Options{
		Addr: fmt.Sprintf("127.0.0.1:%d", server.port), Password: "a password", TLSConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}
	server.start()
	t.Cleanup(server.kill)
	address := fmt.Sprintf("rediss://:a%%20password@127.0.0.1:%d/0", server.port)
	for _, c := range []struct{ name, url, want string }{
		{"an authority that nobody knows", address, "certificate"},
		{"without TLS", strings.Replace(address, "rediss", "redis", 1), "REDIS_URL: "},
	} {
		if status, _, errOut := p.runCommand(map[string]string{"REDIS_URL": c.url}, "serve"); status != 1 || !strings.Contains(errOut, c.want) ||
			!strings.Contains(errOut, "REDIS_URL") || strings.Contains(errOut, "a%20password") || strings.Contains(errOut, "a password") {
			t.Errorf("%s: %d %q", c.name, status, errOut)
		}
	}
	// Chatwoot's variable holds the password.
	p.carries(ch, map[string]string{
		"REDIS_URL": fmt.Sprintf("rediss://127.0.0.1:%d/0", server.port), "REDIS_PASSWORD": "a password", "SSL_CERT_FILE": a.pem,
	})
}

func derOf(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	return block.Bytes
}

// TestRedisSentinel: Sentinels say where Redis is. When it dies they name its replica,
// and the program finds that; meanwhile webhooks go to the spool. What the replica
// had is not lost.
func TestRedisSentinel(t *testing.T) {
	if !testkit.HasPostgres() {
		return // nor is there Redis
	}
	p, ch := onRedis(t)
	durable := []string{"--appendonly", "yes", "--appendfsync", "always", "--save", "", "--requirepass", "secret", "--masterauth", "secret"}
	node := func(args ...string) *redisServer {
		r := &redisServer{t: t, dir: t.TempDir(), port: freePort(t)}
		r.args = append(append([]string{"--port", fmt.Sprint(r.port)}, durable...), args...)
		r.opt = &redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", r.port), Password: "secret"}
		r.start()
		t.Cleanup(r.kill)
		return r
	}
	first := node()
	node("--replicaof", fmt.Sprintf("127.0.0.1 %d", first.port))
	master := redis.NewClient(first.opt)
	defer func() { _ = master.Close() }()
	replicated := func(what string) {
		t.Helper()
		testkit.Wait(t, 30*time.Second, what, func() bool {
			n, err := master.Wait(t.Context(), 1, time.Second).Result()
			return err == nil && n == 1
		})
	}
	replicated("the replica")

	sentinel := &redisServer{t: t, dir: t.TempDir(), port: freePort(t)}
	config := filepath.Join(sentinel.dir, "sentinel.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, "port %d\nbind 127.0.0.1\ndir %s\nrequirepass watching\n"+
		"sentinel monitor first 127.0.0.1 %d 1\nsentinel auth-pass first secret\nsentinel down-after-milliseconds first 1000\n"+
		"sentinel failover-timeout first 5000\n", sentinel.port, sentinel.dir, first.port), 0o600); err != nil {
		t.Fatal(err)
	}
	sentinel.args = []string{config, "--sentinel"}
	sentinel.opt = &redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", sentinel.port), Password: "watching"}
	sentinel.start()
	t.Cleanup(sentinel.kill)
	watch := redis.NewSentinelClient(sentinel.opt)
	defer func() { _ = watch.Close() }()
	testkit.Wait(t, 30*time.Second, "the Sentinel to know the replica", func() bool {
		list, err := watch.Replicas(t.Context(), "first").Result()
		return err == nil && len(list) == 1 && list[0]["flags"] == "slave" && list[0]["master-link-status"] == "ok"
	})

	extra := map[string]string{
		"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "QUEUE_LEASE": "1s", "REDIS_PASSWORD": "secret",
		"REDIS_SENTINELS":            fmt.Sprintf("127.0.0.1:%d, 127.0.0.1:%d", freePort(t), sentinel.port), // the first one is away
		"REDIS_SENTINEL_MASTER_NAME": "first", "REDIS_SENTINEL_PASSWORD": "watching",
	}
	p.carries(ch, extra)
	replicated("the replica to have all")
	first.kill()
	was := watch.GetMasterAddrByName(t.Context(), "first").Val()
	l := begin(p, ch, 10, 1000, 3*time.Millisecond)
	testkit.Wait(t, 60*time.Second, "the replica to be named", func() bool {
		now, err := watch.GetMasterAddrByName(t.Context(), "first").Result()
		return err == nil && len(now) == 2 && fmt.Sprint(now) != fmt.Sprint(was)
	})
	after := l.total()
	testkit.Wait(t, 30*time.Second, "traffic after the failover", func() bool { return l.total() > after+300 })
	l.end()
	p.emptiedWith(extra)
	if l.denied > 0 {
		t.Errorf("%d webhooks were not answered 2xx during the failover", l.denied)
	}
	for contact, n := range l.ackedNow() {
		want := 1000
		for _, text := range texts(t, p.database(), `SELECT m.content FROM messages m JOIN conversations c ON c.id = m.conversation_id
			JOIN contact_inboxes i ON i.id = c.contact_inbox_id WHERE i.source_id = $1 AND m.message_type = 0 ORDER BY m.id`, ch.Person(contact).From) {
			switch {
			case text == numbered(contact, want):
				want++
			case want > 1000:
				t.Errorf("contact %d: %q instead of %d", contact, text, want)
			}
		}
		if want < n {
			t.Errorf("contact %d: messages up to %d of %d", contact, want, n)
		}
	}
	p.reply(1, "after the failover")
	p.sent(ch, "after the failover")
}

// TestRedisCluster: a Cluster carries the queue, all of it in one slot. A node that is
// addressed as if it were alone is refused, even the one that has the slot.
func TestRedisCluster(t *testing.T) {
	if !testkit.HasPostgres() {
		return // nor is there Redis
	}
	p, ch := onRedis(t)
	const nodes, slots = 3, 16384
	var list []*redisServer
	var clients []*redis.Client
	for range nodes {
		r := &redisServer{t: t, dir: t.TempDir(), port: freePort(t)}
		bus := freePort(t)
		r.args = []string{
			"--port", fmt.Sprint(r.port), "--cluster-enabled", "yes", "--cluster-port", fmt.Sprint(bus), "--appendonly", "yes",
			"--appendfsync", "always", "--save", "",
		}
		r.start()
		t.Cleanup(r.kill)
		c := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", r.port)})
		defer func() { _ = c.Close() }()
		i := len(list)
		if err := c.ClusterAddSlotsRange(t.Context(), i*slots/nodes, (i+1)*slots/nodes-1).Err(); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if err := clients[0].Do(t.Context(), "CLUSTER", "MEET", "127.0.0.1", r.port, bus).Err(); err != nil {
				t.Fatal(err)
			}
		}
		list, clients = append(list, r), append(clients, c)
	}
	testkit.Wait(t, 30*time.Second, "the Cluster", func() bool {
		for _, c := range clients {
			info, err := c.ClusterInfo(t.Context()).Result()
			if err != nil || !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:3") {
				return false
			}
		}
		return true
	})
	for _, r := range list {
		status, _, errOut := p.runCommand(map[string]string{"REDIS_URL": r.url()}, "serve")
		if status != 1 || !strings.Contains(errOut, "REDIS_URL: this is a node of a Redis Cluster") {
			t.Errorf("a node alone: %d %q", status, errOut)
		}
	}
	address := fmt.Sprintf("redis://127.0.0.1:%d?addr=127.0.0.1:%d", list[0].port, list[1].port)
	// A prefix without braces gets some.
	p.carries(ch, map[string]string{"REDIS_URL": address, "REDIS_PREFIX": "shop", "QUEUE_LEASE": "1s"})
	used := 0
	for i, c := range clients {
		n, err := c.DBSize(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("node %d: %d keys", i, n)
		if n > 0 {
			used++
		}
	}
	if used == 0 {
		t.Error("no node has a key")
	}
}
