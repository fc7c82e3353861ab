package main

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// proxy stands between one process and Redis, so that one line can be cut, or fall
// silent, and all others stay.
type proxy struct {
	listener net.Listener
	target   string
	// silent: connections stay, and nothing comes through, in either direction: a split
	// network as both ends see it.
	silent atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	away  bool
}

func newProxy(host, target string) (*proxy, error) {
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	go p.accept()
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		go p.join(in)
	}
}

func (p *proxy) join(in net.Conn) {
	out, err := net.DialTimeout("tcp", p.target, 5*time.Second)
	if err != nil || !p.add(in, out) {
		_ = in.Close()
		if out != nil {
			_ = out.Close()
		}
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.copy(out, in) })
	both.Go(func() { p.copy(in, out) })
	both.Wait()
	p.mu.Lock()
	delete(p.conns, in)
	delete(p.conns, out)
	p.mu.Unlock()
}

// add remembers a pair; false while the line is cut.
func (p *proxy) add(pair ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return false
	}
	for _, c := range pair {
		p.conns[c] = struct{}{}
	}
	return true
}

// copy passes bytes on. What arrives while the line is silent is kept back, and comes
// when it is mended, as after a network's own repetitions.
func (p *proxy) copy(to, from net.Conn) {
	defer func() { _ = to.Close(); _ = from.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		for p.silent.Load() {
			time.Sleep(5 * time.Millisecond)
		}
		if n > 0 {
			if _, e := to.Write(buffer[:n]); e != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// cut breaks all connections, and refuses new ones until mend.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = true
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
	p.silent.Store(false)
}

func (p *proxy) close() error {
	p.cut()
	p.silent.Store(false)
	return p.listener.Close()
}
