// Package racing asks goroutines to stop and goes on as if they had.
package racing

import "time"

type feed struct {
	last string
}

type subscriber struct {
	feed *feed
	stop chan struct{}
}

func subscribe() *subscriber {
	s := &subscriber{feed: &feed{}, stop: make(chan struct{})}
	go s.loop()
	return s
}

func (s *subscriber) loop() {
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

// Close closes a channel, which nobody answers.
func (s *subscriber) Close() {
	close(s.stop)
	s.feed = nil // want "close-without-join: subscriber.feed"
}
