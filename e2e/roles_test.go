package e2e_test

import (
	"testing"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestRolesApart: edge, worker with relay and scheduler, and API as processes of
// their own do together what one process does alone.
func TestRolesApart(t *testing.T) {
	database := storetest.Prepared.Postgres(t)
	if database == "" {
		return // the embedded back end is one process
	}
	server := startRedis(t)
	b := testkit.Backend{Name: "postgres and redis", DatabaseURL: database, RedisURL: server.url()}
	p := start(t, b, options{
		sim:      simulator.Options{Kinds: []simulator.Kind{simulator.Line, simulator.Telegram}},
		settings: map[string]string{"ROLES": "api"},
	})
	api := p.base
	p.spawn(map[string]string{"ROLES": "worker,relay,scheduler"})
	edge := p.spawn(map[string]string{"ROLES": "edge"})
	for _, kind := range []simulator.Kind{simulator.Line, simulator.Telegram} {
		ch := p.sim.Channel(kind)
		p.base = api
		p.connect(ch) // the worker installs Telegram's webhook
		person := incoming(ch, 1, "hello "+string(kind))
		// The edge learns of the new inbox from the change feed.
		answer, err := p.sim.Deliver(t.Context(), edge.base, ch, person)
		if err != nil || !answer.OK() {
			t.Fatalf("%s: %v %+v", kind, err, answer)
		}
		conversation := p.deliverSeen(ch, person.Text)
		reply := p.reply(conversation, "hi "+string(kind))
		p.sent(ch, "hi "+string(kind))
		if kind == simulator.Line {
			p.state(conversation, reply.ID, "delivered")
		}
	}
}
