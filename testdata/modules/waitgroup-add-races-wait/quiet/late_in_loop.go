package quiet

import "sync"

// rows counts its workers before it starts them, one by one.
type rows struct {
	pool sync.WaitGroup
}

func (r *rows) run(workers int) {
	for range workers {
		r.pool.Add(1)
		go r.work()
	}
	r.pool.Wait()
}

func (r *rows) work() {
	r.pool.Done()
}

// gated starts its workers first, but they are done only when the counting is.
func (r *rows) gated(workers int) {
	jobs := make(chan int)
	for range workers {
		go func() {
			for range jobs {
			}
			r.pool.Done()
		}()
		r.pool.Add(1)
	}
	close(jobs)
	r.pool.Wait()
}
