package racing

import (
	"sync"
	"time"
)

// process reads two outputs. Who waits for the readers is started when only the
// first of them is counted.
type process struct {
	readers sync.WaitGroup
	lines   int
	exited  chan int
}

func (p *process) start() {
	p.readFirst()
	go func() {
		p.readers.Wait()
		p.exited <- p.lines
	}()
	time.Sleep(5 * time.Millisecond)
	p.readers.Add(1) // want "waitgroup-add-races-wait: process.readers"
	go p.read(0)
}

func (p *process) readFirst() {
	p.readers.Add(1)
	go p.read(time.Millisecond)
}

func (p *process) read(until time.Duration) {
	defer p.readers.Done()
	time.Sleep(until)
	p.lines++
}
