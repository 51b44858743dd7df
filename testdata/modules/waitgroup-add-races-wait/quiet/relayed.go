package quiet

import (
	"sync"
	"time"
)

// feed publishes in the background; each goroutine is counted before it starts.
type feed struct {
	mu         sync.Mutex
	publishing sync.WaitGroup
	published  []string
}

func (f *feed) announce(what string) {
	f.publishing.Add(1)
	go func() {
		f.publish(what)
	}()
}

func (f *feed) publish(what string) {
	defer f.publishing.Done()
	time.Sleep(time.Millisecond)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.published = append(f.published, what)
}

func (f *feed) Close() int {
	f.publishing.Wait()
	return len(f.published)
}
