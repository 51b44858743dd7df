package quiet

import (
	"bytes"
	"time"
)

// lineReader returns slices of one buffer; they are good until the next line.
type lineReader struct {
	lines []string
	buf   []byte
}

func (r *lineReader) next() []byte {
	if len(r.lines) == 0 {
		return nil
	}
	r.buf = append(r.buf[:0], r.lines[0]...)
	r.lines = r.lines[1:]
	return r.buf
}

// dispatch clones every line before it starts a goroutine for it.
func (r *lineReader) dispatch(sums chan<- int) {
	for line := r.next(); line != nil; line = r.next() {
		own := bytes.Clone(line)
		go func() {
			time.Sleep(2 * time.Millisecond)
			sum := 0
			for _, b := range own {
				sum += int(b)
			}
			sums <- sum
		}()
	}
}
