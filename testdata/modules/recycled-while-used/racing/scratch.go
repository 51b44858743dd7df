package racing

import "time"

// lineReader returns slices of one buffer; they are good until the next line.
type lineReader struct {
	lines []string
	buf   []byte
}

func (r *lineReader) next() []byte {
	if len(r.lines) == 0 {
		return nil
	}
	r.buf = append(r.buf[:0], r.lines[0]...) // want "recycled-while-used: lineReader.buf"
	r.lines = r.lines[1:]
	return r.buf
}

func (r *lineReader) dispatch(sums chan<- int) {
	for line := r.next(); line != nil; line = r.next() {
		go func() {
			time.Sleep(2 * time.Millisecond)
			sum := 0
			for _, b := range line {
				sum += int(b)
			}
			sums <- sum
		}()
	}
}
