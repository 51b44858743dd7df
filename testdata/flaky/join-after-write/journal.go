package flaky

import "sync"

// journal is what everybody writes to. Its lock orders, by accident, what has nothing to do with it.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}
