package live

import (
	"sync"
	"sync/atomic"
)

// Hub is the index of the subscriptions of one process.
type Hub struct {
	mu    sync.RWMutex
	rooms map[int64]*room // by account
	count atomic.Int64

	// rechecks are users whose standing changed, see Packet.Recheck.
	rechecks chan Packet
}

// room is who listens in one account: members by user id, contacts by the id of their
// contact inbox.
type room struct {
	users, contacts map[int64]map[*subscription]struct{}
}

// subscription is a listener on a connection.
type subscription struct {
	conn       *conn
	who        Listener
	identifier string
	prefix     []byte // of each of its frames
}

// recheckBacklog is how many questions about users may wait. One that finds no place is
// answered by the next look at everybody.
const recheckBacklog = 256

// NewHub makes a hub without subscriptions.
func NewHub() *Hub {
	return &Hub{rooms: map[int64]*room{}, rechecks: make(chan Packet, recheckBacklog)}
}

// Subscriptions is how many there are.
func (h *Hub) Subscriptions() int64 { return h.count.Load() }

func (r *room) of(l Listener) (map[int64]map[*subscription]struct{}, int64) {
	if l.UserID != 0 {
		return r.users, l.UserID
	}
	return r.contacts, l.ContactInboxID
}

// add makes a subscription hear what is delivered. first is sent to it before
// everything else.
func (h *Hub) add(s *subscription, first []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[s.who.AccountID]
	if r == nil {
		r = &room{users: map[int64]map[*subscription]struct{}{}, contacts: map[int64]map[*subscription]struct{}{}}
		h.rooms[s.who.AccountID] = r
	}
	of, id := r.of(s.who)
	if of[id] == nil {
		of[id] = map[*subscription]struct{}{}
	}
	of[id][s] = struct{}{}
	h.count.Add(1)
	s.conn.push(frame{payload: first})
}

// remove ends that. It tells whether the subscription was there.
func (h *Hub) remove(s *subscription) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[s.who.AccountID]
	if r == nil {
		return false
	}
	of, id := r.of(s.who)
	if _, there := of[id][s]; !there {
		return false
	}
	delete(of[id], s)
	h.count.Add(-1)
	if len(of[id]) == 0 {
		delete(of, id)
	}
	if len(r.users)+len(r.contacts) == 0 {
		delete(h.rooms, s.who.AccountID)
	}
	return true
}

// Deliver hands packets to who listens here. It never waits.
func (h *Hub) Deliver(packets []Packet) {
	for i := range packets {
		p := &packets[i]
		if p.Recheck {
			select {
			case h.rechecks <- *p:
			default: // the next look at everybody finds them
			}
			continue
		}
		h.deliver(p)
	}
}

func (h *Hub) deliver(p *Packet) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	r := h.rooms[p.AccountID]
	if r == nil {
		return
	}
	if p.Missed {
		for _, of := range []map[int64]map[*subscription]struct{}{r.users, r.contacts} {
			for _, set := range of {
				for s := range set {
					s.conn.end(endMissed)
				}
			}
		}
		return
	}
	send := func(set map[*subscription]struct{}) {
		for s := range set {
			s.conn.push(frame{prefix: s.prefix, payload: p.Payload})
		}
	}
	if p.Everyone {
		for _, set := range r.users {
			send(set)
		}
	} else {
		for _, id := range p.Users {
			send(r.users[id])
		}
	}
	for _, id := range p.Contacts {
		send(r.contacts[id])
	}
}

func (h *Hub) interest(account int64) Interest {
	h.mu.RLock()
	defer h.mu.RUnlock()
	r := h.rooms[account]
	if r == nil {
		return Interest{}
	}
	return Interest{Users: len(r.users) > 0, Contacts: len(r.contacts) > 0}
}

// each gives every account in which somebody listens.
func (h *Hub) each(f func(account int64, i Interest)) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for id, r := range h.rooms {
		f(id, Interest{Users: len(r.users) > 0, Contacts: len(r.contacts) > 0})
	}
}

// subscriptions gives those of users in an account, or in all accounts when that is 0;
// those of everybody when users is nil.
func (h *Hub) subscriptions(account int64, users []int64) (out []*subscription) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for id, r := range h.rooms {
		if account != 0 && id != account {
			continue
		}
		if users != nil {
			for _, u := range users {
				for s := range r.users[u] {
					out = append(out, s)
				}
			}
			continue
		}
		for _, of := range []map[int64]map[*subscription]struct{}{r.users, r.contacts} {
			for _, set := range of {
				for s := range set {
					out = append(out, s)
				}
			}
		}
	}
	return out
}
