package ingest

import (
	"hash/maphash"
	"sync"
)

// inFlight bounds how many requests of one key are being served at once, so that
// one hammered address cannot take the whole edge.
type inFlight struct {
	limit  int
	seed   maphash.Seed
	shards [64]struct {
		sync.Mutex
		count map[string]int
	}
}

func newInFlight(limit int) *inFlight {
	f := &inFlight{limit: limit, seed: maphash.MakeSeed()}
	for i := range f.shards {
		f.shards[i].count = map[string]int{}
	}
	return f
}

func (f *inFlight) enter(key string) bool {
	s := &f.shards[maphash.String(f.seed, key)%uint64(len(f.shards))]
	s.Lock()
	defer s.Unlock()
	if s.count[key] >= f.limit {
		return false
	}
	s.count[key]++
	return true
}

func (f *inFlight) leave(key string) {
	s := &f.shards[maphash.String(f.seed, key)%uint64(len(f.shards))]
	s.Lock()
	defer s.Unlock()
	if s.count[key]--; s.count[key] <= 0 {
		delete(s.count, key)
	}
}
