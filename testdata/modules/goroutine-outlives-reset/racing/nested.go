package racing

import "time"

// fetcher polls in a goroutine that its loop starts. Stop waits for the loop, not
// for what that has started.
type fetcher struct {
	limit *int
	stop  chan struct{}
	over  chan struct{}
}

func (f *fetcher) Start(limit int) {
	f.limit = &limit // want "goroutine-outlives-reset: fetcher.limit"
	f.stop, f.over = make(chan struct{}), make(chan struct{})
	go f.run(f.stop, f.over)
}

func (f *fetcher) run(stop, over chan struct{}) {
	defer close(over)
	go func() {
		<-stop
		time.Sleep(5 * time.Millisecond)
		*f.limit++
	}()
	<-stop
}

func (f *fetcher) Stop() {
	close(f.stop)
	<-f.over
}
