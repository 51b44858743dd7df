package quiet

import "time"

// feed is closed with others, one after the other, and each is waited for
// before any is emptied.
type feed struct {
	last *string
	over chan struct{}
}

func newFeed() *feed {
	f := &feed{last: new(string), over: make(chan struct{})}
	go func() {
		defer close(f.over)
		time.Sleep(5 * time.Millisecond)
		if f.last != nil {
			time.Sleep(time.Millisecond)
		}
	}()
	return f
}

func (f *feed) Close() {
	f.last = nil
}

func closeAll(feeds []*feed) {
	for _, f := range feeds {
		<-f.over
	}
	for _, f := range feeds {
		f.Close()
	}
}
