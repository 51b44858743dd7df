package racing

import (
	"sync"
	"time"
)

// greet changes a variable between the start and the join.
func greet(users []string) []string {
	var wg sync.WaitGroup
	greeting := "hello "
	out := make([]string, len(users))
	for i, u := range users {
		wg.Add(1)
		go func() {
			defer wg.Done()
			time.Sleep(2 * time.Millisecond)
			out[i] = greeting + u
		}()
	}
	greeting = "goodbye " // want "captured-variable-outlives: greeting"
	wg.Wait()
	return out
}
