package quiet

import "sync"

// limiter lets a few goroutines run at a time, and waits for all of them.
type limiter struct {
	running sync.WaitGroup
	slots   chan struct{}
}

func newLimiter(n int) *limiter { return &limiter{slots: make(chan struct{}, n)} }

func (l *limiter) start() {
	l.slots <- struct{}{}
	l.running.Add(1)
}

func (l *limiter) finish() {
	<-l.slots
	l.running.Done()
}

func (l *limiter) wait() { l.running.Wait() }

// squares keeps the result before it gives its slot back.
func squares(numbers []int) []int {
	var lock sync.Mutex
	var found []int
	limit := newLimiter(2)
	for _, n := range numbers {
		limit.start()
		go func() {
			defer limit.finish()
			square := n * n
			lock.Lock()
			defer lock.Unlock()
			found = append(found, square)
		}()
	}
	limit.wait()
	return found
}
