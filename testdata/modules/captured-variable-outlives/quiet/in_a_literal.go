package quiet

import "sync"

// request asks twice, by a literal of its own that starts the goroutine, and
// waits for the answers.
func request() int {
	var asked sync.WaitGroup
	var mu sync.Mutex
	answers := 0
	ask := func() {
		asked.Add(1)
		go func() {
			defer asked.Done()
			mu.Lock()
			answers++
			mu.Unlock()
		}()
	}
	ask()
	ask()
	asked.Wait()
	return answers
}

// once asks under a lock that it takes itself, too.
func once() int {
	var mu sync.Mutex
	answers := 0
	ask := func() {
		go func() {
			mu.Lock()
			answers++
			mu.Unlock()
		}()
	}
	ask()
	mu.Lock()
	defer mu.Unlock()
	return answers
}

// oneByOne has a new variable for every goroutine.
func oneByOne() int {
	sum := 0
	for range 3 {
		answer := make(chan int, 1)
		n := 1
		func() {
			go func() {
				answer <- n
			}()
		}()
		sum += <-answer
	}
	return sum
}
