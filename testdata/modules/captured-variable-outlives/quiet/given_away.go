package quiet

import (
	"sync"
	"time"
)

// beacon calls a hook from a goroutine of its own, which it never ends.
type beacon struct {
	name string
	hook func()
}

func newBeacon(name string, hook func()) *beacon {
	b := &beacon{name: name, hook: hook}
	go b.run()
	return b
}

func (b *beacon) run() {
	for range 20 {
		time.Sleep(time.Millisecond)
		b.hook()
	}
}

// countCalls counts under a lock.
func countCalls() int {
	var mu sync.Mutex
	calls := 0
	newBeacon("west", func() {
		mu.Lock()
		defer mu.Unlock()
		calls++
	})
	time.Sleep(5 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	return calls
}

// longest has its literal run before it goes on.
func longest(words []string) int {
	n := 0
	eachWord(words, func(word string) { n = max(n, len(word)) })
	return n
}

func eachWord(words []string, do func(string)) {
	for _, word := range words {
		do(word)
	}
}

// task is work for somebody else, who says when it is done.
type task struct {
	work func()
	done chan struct{}
}

// handedOver has its literal run by another goroutine, and waits for that.
func handedOver(tasks chan<- task) int {
	do := func(work func()) {
		done := make(chan struct{})
		tasks <- task{work, done}
		<-done
	}
	n := 0
	do(func() { n++ })
	return n
}

func workOff(tasks <-chan task) {
	for next := range tasks {
		next.work()
		close(next.done)
	}
}
