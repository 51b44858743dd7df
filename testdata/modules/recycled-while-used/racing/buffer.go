// Package racing recycles objects that goroutines still use.
package racing

import (
	"bytes"
	"io"
	"sync"
	"time"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// journal writes its lines in the background.
type journal struct {
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
		_, _ = j.out.Write(buf.Bytes())
	}()
	buffers.Put(buf) // want "recycled-while-used: buf"
}
