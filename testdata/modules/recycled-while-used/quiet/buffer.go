// Package quiet recycles objects when their goroutines are done with them, or gives
// the goroutines copies.
package quiet

import (
	"bytes"
	"io"
	"sync"
	"time"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// journal writes its lines in the background; who has written a line recycles it.
type journal struct {
	mu  sync.Mutex
	out io.Writer
}

func (j *journal) log(words ...string) {
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	for _, w := range words {
		buf.WriteString(w)
	}
	go func() {
		time.Sleep(2 * time.Millisecond)
		j.mu.Lock()
		defer j.mu.Unlock()
		_, _ = j.out.Write(buf.Bytes())
		buffers.Put(buf)
	}()
}
