package racing

import (
	"sync"
	"time"
)

type packet struct {
	payload []byte
}

// sender has a free list of its own instead of a sync.Pool.
type sender struct {
	mu   sync.Mutex
	free []*packet
	sent chan int
}

func (s *sender) get() *packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		p := s.free[n-1]
		s.free = s.free[:n-1]
		return p
	}
	return &packet{}
}

func (s *sender) put(p *packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, p)
}

func (s *sender) send(payload []byte) {
	p := s.get()
	p.payload = payload
	go s.transmit(p)
	s.put(p) // want "recycled-while-used: packet.payload"
}

func (s *sender) transmit(p *packet) {
	time.Sleep(2 * time.Millisecond)
	s.sent <- len(p.payload)
}
