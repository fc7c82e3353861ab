package trial

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Line stands between a process and a service, so that one line can be cut, or fall
// silent, and all others stay.
type Line struct {
	listener net.Listener
	target   string
	// silent: connections stay, and nothing comes through, in either direction: a split
	// network as both ends see it.
	silent atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	away  bool
}

// NewLine listens on a port of host and leads to target.
func NewLine(host, target string) (*Line, error) {
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		return nil, err
	}
	line := &Line{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	go line.accept()
	return line, nil
}

// Addr is where the line begins.
func (l *Line) Addr() string { return l.listener.Addr().String() }

func (l *Line) accept() {
	for {
		in, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		go l.join(in)
	}
}

func (l *Line) join(in net.Conn) {
	out, err := net.DialTimeout("tcp", l.target, 5*time.Second)
	if err != nil || !l.add(in, out) {
		_ = in.Close()
		if out != nil {
			_ = out.Close()
		}
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.copy(out, in) })
	both.Go(func() { l.copy(in, out) })
	both.Wait()
	l.mu.Lock()
	delete(l.conns, in)
	delete(l.conns, out)
	l.mu.Unlock()
}

// add remembers a pair; false while the line is cut.
func (l *Line) add(pair ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return false
	}
	for _, c := range pair {
		l.conns[c] = struct{}{}
	}
	return true
}

// copy passes bytes on. What arrives while the line is silent is kept back, and comes
// when it is mended, as after a network's own repetitions.
func (l *Line) copy(to, from net.Conn) {
	defer func() { _ = to.Close(); _ = from.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		for l.silent.Load() {
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

// Cut breaks all connections, and refuses new ones until Mend.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = true
	for c := range l.conns {
		_ = c.Close()
	}
}

// Silence lets nothing through in either direction until Mend; connections stay.
func (l *Line) Silence() { l.silent.Store(true) }

// Mend ends Cut and Silence.
func (l *Line) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = false
	l.silent.Store(false)
}

// Close ends the line for good.
func (l *Line) Close() error {
	l.Cut()
	l.silent.Store(false)
	return l.listener.Close()
}
