package quiet

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// relay serves while it has the turn, and says in a field whether it does.
type relay struct{ running bool }

func (r *relay) follow(turns []bool) {
	var own *string
	var wg sync.WaitGroup
	for i, turn := range append(turns, false) {
		if turn {
			if !r.running {
				own = new(string)
				wg.Add(1)
				go func() {
					defer wg.Done()
					*own = fmt.Sprint(i)
				}()
				r.running = true
			}
		} else {
			if r.running {
				wg.Wait()
				r.running = false
			}
		}
	}
}

// lister lists one way or the other.
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
	if l.plain {
		wg.Add(1)
		go func() {
			defer wg.Done()
			err = read()
		}()
	}
	wg.Wait()
	return err
}

// saveParts saves its parts beside the rest if there are some, and after it otherwise.
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
		if beside {
			return nil
		}
		err = save()
		return err
	})
}

var errClosed = errors.New("closed")

// logs gives its lines to whoever reads them; it closes the source itself only where it gives an error.
func logs(source func() error, close func() error, broken bool) (lines <-chan string, failed error) {
	var err error
	defer func() {
		if failed != nil {
			err = close()
		}
	}()
	if broken {
		return nil, errClosed
	}
	out := make(chan string, 1)
	go func() {
		err = source()
		if err == nil {
			out <- "line"
		}
	}()
	return out, nil
}

// pump reads from one source while it is on.
func pump(turns []bool, open func() *strings.Reader) {
	var source *strings.Reader
	var wg sync.WaitGroup
	for _, on := range append(turns, false) {
		if on {
			if source == nil {
				source = open()
				wg.Add(1)
				go func() {
					defer wg.Done()
					_, _ = source.Read(make([]byte, 1))
				}()
			}
		} else if source != nil {
			wg.Wait()
			source = nil
		}
	}
}

// park never gets to what stands behind.
func park(lines int) int {
	got := 0
	go func() {
		time.Sleep(time.Millisecond)
		if got > lines {
			<-make(chan struct{})
			got++
		}
	}()
	return got
}

func source() *strings.Reader { return strings.NewReader("line") }
