// Package merge opens two inputs; when the second cannot be opened, the first stays open.
package merge

import (
	"errors"
	"sync"
	"time"
)

var errNoInput = errors.New("no input")

type budget struct {
	mu    sync.Mutex
	spent int
}

func (b *budget) spend(rows int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent += rows
}

// engine merges inputs, with a budget for each run.
type engine struct {
	budget *budget
}

func (e *engine) merge(left, right []int) (int, error) {
	e.budget = &budget{}
	l, r := newInput(e, left), newInput(e, right)
	if err := l.Open(); err != nil {
		return 0, err
	}
	if err := r.Open(); err != nil {
		return 0, err // want "goroutine-outlives-reset: engine.budget"
	}
	defer r.Close()
	defer l.Close()
	sum := 0
	for _, in := range []*input{l, r} {
		for v := range in.values {
			sum += v
		}
	}
	return sum, nil
}

type input struct {
	e      *engine
	rows   []int
	values chan int
	stop   chan struct{}
	wg     sync.WaitGroup
}

func newInput(e *engine, rows []int) *input {
	return &input{e: e, rows: rows, values: make(chan int, 4), stop: make(chan struct{})}
}

// Open starts reading.
func (in *input) Open() error {
	if in.rows == nil {
		return errNoInput
	}
	in.wg.Add(1)
	go in.read()
	return nil
}

func (in *input) read() {
	defer in.wg.Done()
	defer close(in.values)
	for _, v := range in.rows {
		time.Sleep(3 * time.Millisecond)
		select {
		case in.values <- v:
		case <-in.stop:
			return
		}
	}
	in.e.budget.spend(len(in.rows))
}

// Close stops reading and waits.
func (in *input) Close() {
	close(in.stop)
	in.wg.Wait()
}
