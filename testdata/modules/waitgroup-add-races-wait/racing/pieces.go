package racing

import (
	"sync"
	"time"
)

// printer counts the pieces of work at hand. Nobody counts the goroutine that
// takes them on, so that there may be more when Close has seen the last one.
type printer struct {
	pages   chan string
	printed []string
	pieces  sync.WaitGroup
}

func newPrinter() *printer {
	p := &printer{pages: make(chan string, 8)}
	go p.run()
	return p
}

func (p *printer) run() {
	for page := range p.pages {
		p.print(page)
	}
}

func (p *printer) print(page string) {
	p.pieces.Add(1) // want "waitgroup-add-races-wait: printer.pieces"
	defer p.pieces.Done()
	time.Sleep(time.Millisecond)
	p.printed = append(p.printed, page)
}

func (p *printer) Close() int {
	close(p.pages)
	p.pieces.Wait()
	return len(p.printed)
}
