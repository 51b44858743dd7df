package quiet

import (
	"bufio"
	"bytes"
	"io"
	"sync"
)

// answers keeps what was asked.
type answers struct {
	mu  sync.Mutex
	all []string
}

func (a *answers) answer(question []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, string(question))
}

// serve gives each answer a copy of the question.
func serve(r io.Reader, a *answers) {
	buf := make([]byte, 4)
	for {
		n, err := r.Read(buf)
		if err != nil {
			return
		}
		go a.answer(bytes.Clone(buf[:n]))
	}
}

// serveNew reads each question into a buffer of its own.
func serveNew(r io.Reader, a *answers) {
	for {
		buf := make([]byte, 4)
		n, err := r.Read(buf)
		if err != nil {
			return
		}
		go a.answer(buf[:n])
	}
}

// serveNext has the next buffer ready before it reads on.
func serveNext(r io.Reader, a *answers) {
	buf := make([]byte, 4)
	for {
		n, err := r.Read(buf)
		if err != nil {
			return
		}
		go a.answer(buf[:n])
		buf = make([]byte, 4)
	}
}

// serveInTurn waits for each answer.
func serveInTurn(r io.Reader, a *answers) {
	var answered sync.WaitGroup
	buf := make([]byte, 4)
	for {
		n, err := r.Read(buf)
		if err != nil {
			return
		}
		answered.Add(1)
		go func() {
			defer answered.Done()
			a.answer(buf[:n])
		}()
		answered.Wait()
	}
}

// serveOne gives away an array, which is copied.
func serveOne(r io.Reader, a *answers) {
	var buf [4]byte
	for {
		if _, err := r.Read(buf[:]); err != nil {
			return
		}
		go func(question [4]byte) { a.answer(question[:]) }(buf)
	}
}

// lines sends strings, which are copies.
func lines(r io.Reader, out chan<- string) {
	defer close(out)
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		out <- string(scanner.Bytes())
	}
}

// echoed waits for the echo of each line before it goes on.
func echoed(r io.Reader) int {
	out, back := make(chan []byte), make(chan int)
	go func() {
		for line := range out {
			back <- len(string(line))
		}
	}()
	n := 0
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		out <- scanner.Bytes()
		n += <-back
	}
	close(out)
	return n
}
