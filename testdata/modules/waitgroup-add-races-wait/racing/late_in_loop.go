package racing

import (
	"sync"
	"time"
)

// rows starts its workers first and counts them then. The first is not counted
// by anyone when somebody stops the rows at once.
type rows struct {
	pool sync.WaitGroup
	done int
}

func newRows() *rows {
	r := &rows{}
	go r.run(2)
	return r
}

func (r *rows) run(workers int) {
	for range workers {
		go r.work()
		time.Sleep(5 * time.Millisecond)
		r.pool.Add(1) // want "waitgroup-add-races-wait: rows.pool"
	}
}

func (r *rows) work() {
	defer r.pool.Done()
	time.Sleep(20 * time.Millisecond)
	r.done++
}

func (r *rows) stop() int {
	r.pool.Wait()
	return r.done
}
