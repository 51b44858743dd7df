package racing

import (
	"bufio"
	"io"
	"time"
)

// answers keeps what was asked last.
type answers struct{ last [8]string }

func (a *answers) answer(at int, question []byte) {
	time.Sleep(time.Millisecond)
	a.last[at] = string(question)
}

// serve reads every question into one buffer.
func serve(r io.Reader, a *answers) {
	buf := make([]byte, 4)
	for at := 0; ; at++ {
		n, err := r.Read(buf) // want "recycled-while-used: buf"
		if err != nil {
			return
		}
		go a.answer(at, buf[:n])
	}
}

// pump sends on what it reads, and does not wait until it has been printed.
func pump(r io.Reader) int {
	packets := make(chan []byte)
	sum := make(chan int, 1)
	go func() {
		n := 0
		for packet := range packets {
			for _, b := range packet {
				n += int(b)
			}
		}
		sum <- n
	}()
	var buf [4]byte
	for {
		n, err := r.Read(buf[:]) // want "recycled-while-used: buf"
		if err != nil {
			break
		}
		packets <- buf[:n]
	}
	close(packets)
	return <-sum
}

// lines gives out what the scanner holds until it goes on.
func lines(r io.Reader, out chan<- []byte, stop <-chan bool) {
	defer close(out)
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 4), 4)
	for scanner.Scan() { // want "recycled-while-used: scanner"
		select {
		case out <- scanner.Bytes():
		case <-stop:
			return
		}
	}
}

func count(in <-chan []byte, n chan<- int) {
	n <- int((<-in)[0])
	for range in {
	}
}

func countLines(r io.Reader) int {
	out, n := make(chan []byte), make(chan int)
	stop := make(chan bool)
	go count(out, n)
	go lines(r, out, stop)
	return <-n
}
