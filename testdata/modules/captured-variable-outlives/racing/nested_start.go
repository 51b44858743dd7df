package racing

import "time"

// sortJobs tells of failed jobs in goroutines of their own, for which nobody waits.
func sortJobs(jobs <-chan int, failed, results chan<- int) {
	for job := range jobs {
		if job < 0 {
			go func() {
				defer func() { recover() }()
				time.Sleep(2 * time.Millisecond)
				failed <- job
			}()
			continue
		}
		results <- job
		return
	}
}

// drain has waited for a result, not for what is told of failed jobs.
func drain() int {
	jobs, failed, results := make(chan int, 4), make(chan int, 4), make(chan int)
	go sortJobs(jobs, failed, results)
	jobs <- -1
	jobs <- 2
	result := <-results
	close(failed) // want "captured-variable-outlives: failed"
	return result
}
