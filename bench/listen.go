package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
)

// listen opens sockets of the live wire and notes when messages arrive at them.
type listen struct {
	Address     string   `json:"address"`
	Identifiers []string `json:"identifiers"` // one for each socket
	// Messages is how many frames about new messages end it; 0: it ends once all sockets
	// are subscribed and For is over.
	Messages int           `json:"messages"`
	For      time.Duration `json:"for"` // the longest that it takes
}

// arrival is a frame about a new message at one socket.
type arrival struct {
	ID int64 `json:"id"` // of the message
	At int64 `json:"at"` // microseconds
}

// listening is what all sockets of a listen saw.
type listening struct {
	mu       sync.Mutex
	arrivals []arrival
	failed   error
	enough   chan struct{} // closed when there are as many as were wanted
	wanted   int
}

func (l *listening) add(a arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrivals = append(l.arrivals, a)
	if len(l.arrivals) == l.wanted {
		close(l.enough)
	}
}

func (l *listening) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = errors.Join(l.failed, err)
}

// dialers is how many sockets are opened at once.
const dialers = 16

func (o *listen) run() (outcome, error) {
	l := &listening{enough: make(chan struct{}), wanted: o.Messages}
	sockets := make([]*websocket.Conn, len(o.Identifiers))
	next := make(chan int)
	var opening, reading sync.WaitGroup
	for range dialers {
		opening.Go(func() {
			for i := range next {
				ws, err := o.open(o.Identifiers[i])
				if err != nil {
					l.fail(err)
					continue
				}
				sockets[i] = ws
				reading.Go(func() { l.read(ws) })
			}
		})
	}
	started := time.Now()
	for i := range sockets {
		next <- i
	}
	close(next)
	opening.Wait()
	if l.failed == nil {
		select {
		case <-l.enough:
		case <-time.After(time.Until(started.Add(o.For))):
		}
	}
	elapsed := time.Since(started)
	for _, ws := range sockets {
		if ws != nil {
			_ = ws.Close()
		}
	}
	reading.Wait()
	return outcome{Done: len(l.arrivals), Elapsed: elapsed, Arrivals: l.arrivals}, l.failed
}

// open subscribes, and returns when that is confirmed.
func (o *listen) open(identifier string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 30 * time.Second, Subprotocols: []string{"actioncable-v1-json"}, ReadBufferSize: 4096, WriteBufferSize: 256}
	ws, res, err := dialer.Dial("ws://"+o.Address+"/cable", nil)
	if err != nil {
		return nil, fmt.Errorf("open a socket: %w", err)
	}
	_ = res.Body.Close()
	if err := ws.WriteJSON(map[string]string{"command": "subscribe", "identifier": identifier}); err != nil {
		return nil, err
	}
	for {
		_, text, err := ws.ReadMessage()
		if err != nil {
			return nil, fmt.Errorf("subscribe: %w", err)
		}
		switch {
		case bytes.Contains(text, []byte(`"type":"confirm_subscription"`)):
			return ws, nil
		case bytes.Contains(text, []byte(`"type":"reject_subscription"`)):
			return nil, errors.New("a subscription was refused")
		}
	}
}

var newMessage = []byte(`"message":{"event":"message.created"`)

func (l *listening) read(ws *websocket.Conn) {
	for {
		_, text, err := ws.ReadMessage()
		if err != nil {
			return // closed
		}
		at := time.Now().UnixMicro()
		if !bytes.Contains(text, newMessage) {
			continue
		}
		var m struct {
			Message struct {
				Data struct {
					ID int64 `json:"id"`
				} `json:"data"`
			} `json:"message"`
		}
		if err := json.Unmarshal(text, &m); err != nil {
			l.fail(err)
			return
		}
		l.add(arrival{m.Message.Data.ID, at})
	}
}
