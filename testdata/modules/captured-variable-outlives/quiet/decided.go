package quiet

import (
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ready waits for a flag under the lock that the goroutine sets behind its last write.
func ready() int {
	var mu sync.Mutex
	changed := sync.NewCond(&mu)
	result, done := 0, false
	go func() {
		result = 42
		mu.Lock()
		done = true
		changed.Signal()
		mu.Unlock()
	}()
	mu.Lock()
	for !done {
		changed.Wait()
	}
	mu.Unlock()
	return result
}

// first receives in the one arm that can happen: nobody sends on the other channel.
func first() int {
	result := 0
	ready, never := make(chan bool), make(chan bool)
	go func() {
		result = 1
		select {
		case ready <- true:
		case never <- true:
		}
	}()
	<-ready
	return result
}

// fail ends the process.
func fail(why string) {
	os.Stderr.WriteString(why)
	os.Exit(1)
}

// inTime goes on only when the goroutine is over: the other arm ends the process.
func inTime() int {
	result := 0
	done := make(chan struct{})
	go func() {
		result = 1
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		fail("too late")
	}
	return result
}

type point struct{ x, y int }

// copied gives the goroutine a copy of the struct.
func copied() int {
	at := point{1, 2}
	start := at
	sum := make(chan int, 1)
	go func(p *point) { sum <- p.x + p.y }(&start)
	at.x = 5
	return at.x + <-sum
}

// pointed counts through a pointer that nobody changes.
func pointed() uint32 {
	counter := new(uint32)
	done := make(chan struct{}, 1)
	go func() {
		atomic.AddUint32(counter, 1)
		done <- struct{}{}
	}()
	seen := atomic.LoadUint32(counter)
	<-done
	return seen + atomic.LoadUint32(counter)
}

// relayed waits for a goroutine that itself has waited for the other.
func relayed() int {
	result := 0
	written := make(chan struct{})
	var readers sync.WaitGroup
	readers.Add(1)
	go func() {
		result = 7
		close(written)
	}()
	go func() {
		defer readers.Done()
		<-written
	}()
	readers.Wait()
	return result
}
