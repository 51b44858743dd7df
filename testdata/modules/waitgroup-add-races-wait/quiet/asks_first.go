package quiet

import (
	"sync"
	"time"
)

// target counts its goroutine under the lock under which the channel is taken away before anybody waits.
type target struct {
	mu      sync.RWMutex
	entries chan string
	wg      sync.WaitGroup
	sent    []string
}

func (t *target) open() {
	go t.send()
}

func (t *target) send() {
	t.mu.RLock()
	entries := t.entries
	if entries != nil {
		t.wg.Add(1)
		defer t.wg.Done()
	}
	t.mu.RUnlock()
	if entries == nil {
		return
	}
	for entry := range entries {
		time.Sleep(time.Millisecond)
		t.sent = append(t.sent, entry)
	}
}

func (t *target) cancel() []string {
	t.mu.Lock()
	close(t.entries)
	t.entries = nil
	t.mu.Unlock()
	t.wg.Wait()
	return t.sent
}
