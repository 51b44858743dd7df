package quiet

import (
	"io"
	"strings"
)

// piped reads up to the end, which the goroutine makes last.
func piped() (int64, error) {
	r, w := io.Pipe()
	var failed error
	go func() {
		_, failed = io.Copy(w, strings.NewReader("hello"))
		w.Close()
	}()
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		return 0, err
	}
	return n, failed
}

type packer struct {
	out  *io.PipeWriter
	size int
}

func (p *packer) pack(text string) (int, error) {
	n, err := io.WriteString(p.out, text)
	p.size += n
	return n, err
}

func (p *packer) Close() error { return p.out.Close() }

// newPacker gives what is packed with to one side and what is read to the other.
func newPacker() (packer, io.ReadCloser, error) {
	r, w := io.Pipe()
	return packer{out: w}, r, nil
}

// packed reads all that a type of its own writes.
func packed() (int, error) {
	p, r, err := newPacker()
	if err != nil {
		return 0, err
	}
	total := 0
	go func() {
		total, err = p.pack("hello")
		p.Close()
	}()
	_, err = io.ReadAll(r)
	return total, err
}
