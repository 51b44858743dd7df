package worker

import (
	"sync"

	"example.com/shop/session"
)

type Reader struct {
	vars *session.Vars
	wg   sync.WaitGroup
}

func New(vars *session.Vars) *Reader { return &Reader{vars: vars} }

func (r *Reader) Open() {
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		r.vars.Ctx.Rows++
	}()
}

func (r *Reader) Next(n int) (int, error) { return n, nil }

func (r *Reader) Close() {
	r.wg.Wait()
}
