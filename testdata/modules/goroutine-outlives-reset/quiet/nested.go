package quiet

// fetcher polls in a goroutine that its loop starts and waits for.
type fetcher struct {
	limit *int
	stop  chan struct{}
	over  chan struct{}
}

func (f *fetcher) Start(limit int) {
	f.limit = &limit
	f.stop, f.over = make(chan struct{}), make(chan struct{})
	go f.run(f.stop, f.over)
}

func (f *fetcher) run(stop, over chan struct{}) {
	defer close(over)
	polled := make(chan struct{})
	go func() {
		defer close(polled)
		<-stop
		*f.limit++
	}()
	<-stop
	<-polled
}

func (f *fetcher) Stop() {
	close(f.stop)
	<-f.over
}
