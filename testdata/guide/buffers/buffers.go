// Package buffers keeps buffers for reuse.
package buffers

import "sync"

type Buffer struct{ Data []byte }

var lent sync.Map

func Get() *Buffer {
	free := &Buffer{}
	lent.Range(func(b, used any) bool {
		if used == false {
			free = b.(*Buffer)
		}
		return used != false
	})
	lent.Store(free, true)
	return free
}

func Put(b *Buffer) { lent.Store(b, false) }
