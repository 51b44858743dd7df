package quiet

import (
	"sync"
	"time"
)

// printer counts the goroutine that takes pages on, beside the pages.
type printer struct {
	pages   chan string
	printed []string
	pieces  sync.WaitGroup
}

func newPrinter() *printer {
	p := &printer{pages: make(chan string, 8)}
	p.pieces.Add(1)
	go p.run()
	return p
}

func (p *printer) run() {
	defer p.pieces.Done()
	for page := range p.pages {
		p.print(page)
	}
}

func (p *printer) print(page string) {
	p.pieces.Add(1)
	defer p.pieces.Done()
	time.Sleep(time.Millisecond)
	p.printed = append(p.printed, page)
}

func (p *printer) Close() int {
	close(p.pages)
	p.pieces.Wait()
	return len(p.printed)
}
