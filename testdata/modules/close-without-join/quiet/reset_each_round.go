package quiet

import (
	"sync"
	"time"
)

// team runs tasks, a few at a time, and is set back for each round; who does that waits first.
type team struct {
	room chan bool
	wg   *sync.WaitGroup
	mu   sync.Mutex
	done int
}

func newTeam() *team {
	return &team{room: make(chan bool, 2), wg: &sync.WaitGroup{}}
}

func (t *team) Reset() {
	close(t.room)
	t.wg = &sync.WaitGroup{}
	t.room = make(chan bool, 2)
}

func (t *team) Add(task func()) {
	t.wg.Add(1)
	go func() {
		t.room <- true
		task()
		t.mu.Lock()
		t.done++
		t.mu.Unlock()
		<-t.room
		t.wg.Done()
	}()
}

func (t *team) Wait() int {
	t.wg.Wait()
	return t.done
}

func work(rounds int) int {
	t := newTeam()
	done := 0
	for range rounds {
		t.Reset()
		for range 3 {
			t.Add(func() { time.Sleep(time.Millisecond) })
		}
		if done = t.Wait(); done > 100 {
			return done
		}
	}
	return done
}
