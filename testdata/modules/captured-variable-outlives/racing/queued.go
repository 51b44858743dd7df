package racing

import "time"

// queue runs what it is given later, one by one.
type queue struct {
	jobs chan func()
}

func newQueue() *queue {
	q := &queue{jobs: make(chan func(), 10)}
	go q.work()
	return q
}

func (q *queue) work() {
	for job := range q.jobs {
		job()
	}
}

func (q *queue) submit(job func()) bool {
	select {
	case q.jobs <- job:
		return true
	default:
		return false
	}
}

func (q *queue) save(n int) (err error) {
	q.submit(func() {
		err = save(n)
	})
	time.Sleep(time.Millisecond)
	err = nil // want "captured-variable-outlives: err"
	return err
}

func save(int) error { return nil }
