package simulator

import (
	"fmt"
	"sync"
)

// Person is somebody who writes to a channel.
type Person struct {
	From string // address in the provider's words: what becomes the source id
	Name string
}

// Person makes the nth contact of a channel, always the same one. Addresses of
// people are distinct from those of channels.
func (c *Channel) Person(n int) Person {
	names := [...]string{
		"Ana Prieto", "Jonas Weber", "Giulia Ferri", "Rui Tavares", "Priya Nair", "Tomáš Říha",
		"田辺ゆき", "Ngozi Eze", "Maya Cohen", "Ada Lindqvist", "Omar Haddad", "Linh Trần",
	}
	p := Person{Name: names[n%len(names)]}
	switch c.Kind {
	case Facebook:
		p.From = fmt.Sprintf("7043361%09d", n)
	case InstagramLogin, InstagramPage:
		p.From = fmt.Sprintf("9115520%09d", n)
	case Twitter:
		p.From = fmt.Sprintf("1500000007%09d", n)
	case Line:
		p.From = fmt.Sprintf("U%032x", n+1)
	case Telegram:
		p.From = fmt.Sprintf("55%08d", n)
	case SMS, TwilioSMS:
		p.From = fmt.Sprintf("+1202%07d", 2_000_000+n%7_000_000)
	case WhatsAppCloud, WhatsApp360:
		p.From = fmt.Sprintf("3519%08d", 10_000_000+n)
	case TwilioWhatsApp:
		p.From = fmt.Sprintf("whatsapp:+393%09d", 300_000_000+n)
	case API:
		p.From = fmt.Sprintf("customer-%d", n)
	}
	return p
}

// profiles remembers the names of those who wrote, for the providers that tell
// them only when asked.
type profiles struct {
	mu    sync.RWMutex
	names map[string]string
	held  chan struct{} // closed when look-ups are answered again; nil: they are
}

// HoldProfiles lets look-ups of people hang until release is called.
func (s *Simulator) HoldProfiles() (release func()) {
	s.profiles.mu.Lock()
	defer s.profiles.mu.Unlock()
	held := make(chan struct{})
	s.profiles.held = held
	return sync.OnceFunc(func() {
		s.profiles.mu.Lock()
		defer s.profiles.mu.Unlock()
		if s.profiles.held == held {
			s.profiles.held = nil
		}
		close(held)
	})
}

// profile is the name of somebody who wrote, once look-ups are answered.
func (s *Simulator) profile(c *call, from string) (name string, ok bool) {
	s.profiles.mu.RLock()
	held := s.profiles.held
	s.profiles.mu.RUnlock()
	if held != nil {
		select {
		case <-held:
		case <-c.r.Context().Done():
			abandon()
		}
	}
	return s.profiles.get(from)
}

func (p *profiles) put(from, name string) {
	if name == "" {
		return
	}
	p.mu.RLock()
	known := p.names[from] == name
	p.mu.RUnlock()
	if known {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.names == nil {
		p.names = map[string]string{}
	}
	p.names[from] = name
}

func (p *profiles) get(from string) (string, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	name, ok := p.names[from]
	return name, ok
}
