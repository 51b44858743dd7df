package racing

import (
	"context"
	"time"
)

type registry struct {
	beats  map[string]int
	cancel context.CancelFunc
}

func (r *registry) Start(parent context.Context) {
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(parent)
	r.beats = make(map[string]int)
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			r.beats["self"] = i
			time.Sleep(time.Millisecond)
		}
	}()
}

func (r *registry) Stop() {
	r.cancel()
	r.beats = make(map[string]int) // want "close-without-join: registry.beats"
}
