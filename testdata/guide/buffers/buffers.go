// Package buffers keeps buffers for reuse.
package buffers

type Buffer struct{ Data []byte }

var free = make(chan *Buffer, 16)

func Get() *Buffer {
	select {
	case b := <-free:
		return b
	default:
		return &Buffer{}
	}
}

func Put(b *Buffer) {
	select {
	case free <- b:
	default:
	}
}
