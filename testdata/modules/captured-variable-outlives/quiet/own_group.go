package quiet

import (
	"sync"
	"time"
)

// bounded is a group of a few goroutines at a time, whose Done counts down by a number.
type bounded struct {
	wg   sync.WaitGroup
	room chan struct{}
}

func newBounded(room int) bounded {
	return bounded{room: make(chan struct{}, room)}
}

func (b *bounded) Add(delta int) {
	for i := 0; i > delta; i-- {
		<-b.room
	}
	for i := 0; i < delta; i++ {
		b.room <- struct{}{}
	}
	b.wg.Add(delta)
}

func (b *bounded) Done() {
	b.Add(-1)
}

func (b *bounded) Wait() {
	b.wg.Wait()
}

// boundedSum waits for all before it reads the sum.
func boundedSum(numbers []int) int {
	group := newBounded(2)
	var mu sync.Mutex
	sum := 0
	for _, n := range numbers {
		group.Add(1)
		go func() {
			defer group.Done()
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			sum += n
		}()
	}
	group.Wait()
	return sum
}
