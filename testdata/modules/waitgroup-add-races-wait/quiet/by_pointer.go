package quiet

import "sync"

// tally gives its goroutine the counter, which it has raised for it.
type tally struct {
	votes int
}

func (t *tally) count() int {
	var wg sync.WaitGroup
	wg.Add(1)
	go t.poll(&wg)
	wg.Wait()
	return t.votes
}

func (t *tally) poll(wg *sync.WaitGroup) {
	defer wg.Done()
	t.votes++
	for range 2 {
		wg.Add(1)
		go func() { wg.Done() }()
	}
}

// countJobs meets each goroutine, which counts no more by then.
func (t *tally) countJobs(jobs []int) int {
	var wg sync.WaitGroup
	todo, done := make(chan int, len(jobs)), make(chan bool)
	for _, job := range jobs {
		todo <- job
	}
	go t.work(todo, done, &wg)
	done <- true
	wg.Wait()
	return t.votes
}

func (t *tally) work(todo <-chan int, done <-chan bool, wg *sync.WaitGroup) {
	for {
		select {
		case n := <-todo:
			wg.Add(1)
			t.votes += n
			wg.Done()
		case <-done:
			return
		}
	}
}
