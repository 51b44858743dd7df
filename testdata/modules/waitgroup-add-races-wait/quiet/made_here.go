package quiet

import "sync"

// stage counts what its constructor is going to start, wherever that is called.
type stage struct{ actors sync.WaitGroup }

func newStage(actors int) *stage {
	s := &stage{}
	s.actors.Add(actors)
	return s
}

func (s *stage) play() {
	go s.actors.Done()
}

func (s *stage) Close() { s.actors.Wait() }

// open makes a stage in a goroutine and hands it over.
func open(stages chan<- *stage) {
	go func() {
		stages <- newStage(1)
	}()
}
