package quiet

import (
	"context"
	"sync"
	"time"
)

type registry struct {
	beats  map[string]int
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func (r *registry) Start(parent context.Context) {
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(parent)
	r.beats = make(map[string]int)
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		for i := 0; ctx.Err() == nil; i++ {
			r.beats["self"] = i
			time.Sleep(time.Millisecond)
		}
	}()
}

func (r *registry) Stop() {
	r.cancel()
	r.wg.Wait()
	r.beats = make(map[string]int)
}
