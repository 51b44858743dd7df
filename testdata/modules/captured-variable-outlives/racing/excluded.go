package racing

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// relay says that it serves no more before it has waited.
type relay struct{ running bool }

func (r *relay) follow(turns []bool) {
	var own *string
	var wg sync.WaitGroup
	for i, turn := range turns {
		if turn {
			if !r.running {
				own = new(string) // want "captured-variable-outlives: own"
				wg.Add(1)
				go func() {
					defer wg.Done()
					time.Sleep(time.Millisecond)
					*own = fmt.Sprint(i)
				}()
				r.running = true
			}
		} else {
			if r.running {
				r.running = false
			}
		}
	}
	wg.Wait()
}

// lister lists both ways if it is to.
type lister struct{ plain, twice bool }

func (l *lister) list(read func() error) error {
	var wg sync.WaitGroup
	var err error
	if !l.plain {
		wg.Add(1)
		go func() {
			defer wg.Done()
			err = read()
		}()
	}
	if l.twice {
		wg.Add(1)
		go func() {
			defer wg.Done()
			err = read() // want "captured-variable-outlives: err"
		}()
	}
	wg.Wait()
	return err
}

// saveParts saves its parts beside the rest if there are some, and once more.
func saveParts(parts []string, whole func(func() error) error, save func() error) error {
	beside := len(parts) > 1
	return whole(func() error {
		var wg sync.WaitGroup
		var err error
		if beside {
			wg.Add(1)
			go func() {
				defer wg.Done()
				err = save()
			}()
			defer wg.Wait()
		}
		if !beside {
			return nil
		}
		err = save() // want "captured-variable-outlives: err"
		return err
	})
}

var errClosed = errors.New("closed")

// logs closes the source, too, where it has started to read.
func logs(source func() error, close func() error, broken bool) (lines <-chan string, failed error) {
	var err error
	defer func() {
		if failed != nil {
			err = close() // want "captured-variable-outlives: err"
		}
	}()
	out := make(chan string, 1)
	go func() {
		err = source()
		if err == nil {
			out <- "line"
		}
	}()
	if broken {
		return nil, errClosed
	}
	return out, nil
}

// pump forgets the source before it has waited.
func pump(turns []bool, open func() *strings.Reader) {
	var source *strings.Reader
	var wg sync.WaitGroup
	for _, on := range turns {
		if on {
			if source == nil {
				source = open() // want "captured-variable-outlives: source"
				wg.Add(1)
				go func() {
					defer wg.Done()
					time.Sleep(10 * time.Millisecond)
					if source != nil {
						_, _ = source.Read(make([]byte, 1))
					}
				}()
			}
		} else if source != nil {
			source = nil
		}
	}
	wg.Wait()
}

// park goes on when its time is over.
func park(lines int) int {
	got := 0
	go func() {
		if lines > 0 {
			<-time.After(time.Millisecond)
			got++
		}
	}()
	time.Sleep(10 * time.Millisecond)
	return got // want "captured-variable-outlives: got"
}

func source() *strings.Reader { return strings.NewReader("line") }

// turns waits in some rounds and starts again in others.
func turns(rounds []bool, work func() int) int {
	var wg sync.WaitGroup
	sum := 0
	for _, wait := range rounds {
		if wait {
			wg.Wait()
			continue
		}
		sum++ // want "captured-variable-outlives: sum"
		wg.Add(1)
		go func() {
			defer wg.Done()
			sum += work()
		}()
	}
	wg.Wait()
	return sum
}

// lines closes its source when another deferred literal has found an error.
func lines(source func() error, close func() error) (failed error) {
	var err error
	defer func() {
		if failed != nil {
			err = close() // want "captured-variable-outlives: err"
		}
	}()
	defer func() { failed = errClosed }()
	go func() {
		if err = source(); err != nil {
			time.Sleep(time.Millisecond)
		}
	}()
	return nil
}
