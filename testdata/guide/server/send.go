package server

import "example.com/shop/buffers"

func Send(out chan<- int, n int) {
	b := buffers.Get()
	b.Data = append(b.Data[:0], byte(n))
	go func() {
		out <- len(b.Data)
	}()
	buffers.Put(b)
}
