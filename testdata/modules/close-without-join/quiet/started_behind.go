package quiet

import "time"

// broker makes its channel in one goroutine, which then starts the one that closes it.
type broker struct {
	done  chan bool
	ready chan struct{}
	seen  []int
	empty bool
}

func guarded(run func()) {
	defer func() { _ = recover() }()
	run()
}

func (b *broker) open() {
	b.ready = make(chan struct{})
	go guarded(func() {
		time.Sleep(time.Millisecond)
		b.done = make(chan bool)
		go guarded(b.receive)
		if b.empty {
			<-b.done
		}
		close(b.ready)
	})
}

func (b *broker) receive() {
	b.seen = append(b.seen, 1)
	close(b.done)
}

func (b *broker) await() {
	<-b.ready
	<-b.done
}
