package quiet

import "sync"

// queue runs what it is given later, one by one, and can be waited for.
type queue struct {
	jobs    chan func()
	workers sync.WaitGroup
}

func newQueue() *queue {
	q := &queue{jobs: make(chan func(), 10)}
	q.workers.Add(1)
	go q.work()
	return q
}

func (q *queue) work() {
	defer q.workers.Done()
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

// saveAll waits for the worker.
func saveAll(n int) (err error) {
	q := newQueue()
	q.submit(func() {
		err = save(n)
	})
	close(q.jobs)
	q.workers.Wait()
	return err
}

// saveOne waits for the job.
func (q *queue) saveOne(n int) (err error) {
	saved := make(chan bool)
	q.submit(func() {
		err = save(n)
		close(saved)
	})
	<-saved
	return err
}

// saveCopies gives each job what it needs.
func (q *queue) saveCopies(all []int) {
	for _, n := range all {
		q.submit(func() { _ = save(n) })
	}
}

func save(int) error { return nil }
