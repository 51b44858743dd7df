package quiet

import "sync"

// reader is dropped by whoever finds it slow, and by the loop that ends it.
type reader struct {
	mu      sync.Mutex
	dropped bool
	lines   chan string
	slow    bool
}

func (r *reader) push(line string) {
	if r.slow {
		r.drop()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.dropped {
		r.lines <- line
	}
}

func (r *reader) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.dropped {
		r.dropped = true
		close(r.lines)
	}
}

func (r *reader) loop(end <-chan bool) {
	<-end
	r.drop()
}

// pushAll pushes lines from a goroutine that nobody waits for.
func pushAll(readers []*reader, lines []string) {
	go func() {
		for _, line := range lines {
			for _, r := range readers {
				r.push(line)
			}
		}
	}()
}
