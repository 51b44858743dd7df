// Package render jumps to the Close of its layout worker.
package render

import (
	"sync"
	"time"
)

type theme struct {
	colour string
	used   int
}

// page is rendered again and again, each time with a theme of its own.
type page struct {
	theme *theme
	boxes []int
}

func (p *page) render(th *theme) (width int) {
	var w *worker
	p.theme = th
	w = newWorker(p)
	w.Open()
	for _, b := range p.boxes {
		if b < 0 {
			width = -1
			goto out
		}
		width += w.measure(b)
	}
out:
	w.Close()
	return width
}

type worker struct {
	p     *page
	boxes chan int
	sizes chan int
	wg    sync.WaitGroup
}

func newWorker(p *page) *worker {
	return &worker{p: p, boxes: make(chan int), sizes: make(chan int)}
}

// Open starts measuring.
func (w *worker) Open() {
	w.wg.Add(1)
	go func() {
		defer w.wg.Done()
		for b := range w.boxes {
			w.sizes <- 2 * b
			time.Sleep(5 * time.Millisecond)
			w.p.theme.used++
		}
	}()
}

func (w *worker) measure(b int) int {
	w.boxes <- b
	return <-w.sizes
}

// Close ends the worker and waits for it.
func (w *worker) Close() {
	close(w.boxes)
	w.wg.Wait()
}
