// Package quiet asks goroutines to stop and waits for their answer.
package quiet

import "time"

type feed struct {
	last string
}

type subscriber struct {
	feed *feed
	stop chan struct{}
	done chan struct{}
}

func subscribe() *subscriber {
	s := &subscriber{feed: &feed{}, stop: make(chan struct{}), done: make(chan struct{})}
	go s.loop()
	return s
}

func (s *subscriber) loop() {
	defer close(s.done)
	for {
		select {
		case <-s.stop:
			return
		case now := <-time.After(time.Millisecond):
			if f := s.feed; f != nil {
				f.last = now.String()
			}
		}
	}
}

// Close returns when the loop has.
func (s *subscriber) Close() {
	close(s.stop)
	<-s.done
	s.feed = nil
}
