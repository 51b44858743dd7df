package quiet

import "sync"

var marked = struct {
	sync.Mutex
	names []string
}{}

// mark keeps a name until the next sweep; the lock is part of what it guards.
func mark(name string) {
	marked.Lock()
	marked.names = append(marked.names, name)
	marked.Unlock()
}

// sweep gives the names and forgets them.
func sweep() []string {
	marked.Lock()
	names := marked.names
	marked.names = nil
	marked.Unlock()
	return names
}

// sweepBoth does it here and in a goroutine that nobody waits for.
func sweepBoth() []string {
	go func() {
		mark("b")
		sweep()
	}()
	return sweep()
}
