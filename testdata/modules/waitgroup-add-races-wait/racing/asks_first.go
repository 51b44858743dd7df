package racing

import (
	"sync"
	"time"
)

// target counts its goroutine under a lock that says nothing about whether somebody waits.
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
	time.Sleep(5 * time.Millisecond)
	t.mu.RLock()
	entries := t.entries
	t.wg.Add(1) // want "waitgroup-add-races-wait: target.wg"
	defer t.wg.Done()
	t.mu.RUnlock()
	for entry := range entries {
		t.sent = append(t.sent, entry)
	}
}

func (t *target) cancel() []string {
	close(t.entries)
	t.wg.Wait()
	return t.sent
}
