package quiet

import (
	"sync"
	"time"
)

// sortJobs tells of failed jobs in goroutines of their own, and waits for them.
func sortJobs(jobs <-chan int, failed, results chan<- int) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for job := range jobs {
		if job < 0 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				time.Sleep(2 * time.Millisecond)
				failed <- job
			}()
			continue
		}
		wg.Wait()
		results <- job
		return
	}
}

// drain has waited for a result, and so for what is told of failed jobs.
func drain() int {
	jobs, failed, results := make(chan int, 4), make(chan int, 4), make(chan int)
	go sortJobs(jobs, failed, results)
	jobs <- -1
	jobs <- 2
	result := <-results
	close(failed)
	return result
}
