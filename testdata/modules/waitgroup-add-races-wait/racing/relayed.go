package racing

import (
	"sync"
	"time"
)

// feed publishes in the background. Each goroutine counts itself, and says in
// another function that it is done.
type feed struct {
	publishing sync.WaitGroup
	published  []string
}

func (f *feed) announce(what string) {
	go func() {
		f.publishing.Add(1) // want "waitgroup-add-races-wait: feed.publishing"
		f.publish(what)
	}()
}

func (f *feed) publish(what string) {
	defer f.publishing.Done()
	time.Sleep(20 * time.Millisecond)
	f.published = append(f.published, what)
}

func (f *feed) Close() int {
	f.publishing.Wait()
	return len(f.published)
}
