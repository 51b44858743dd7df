package quiet

import (
	"sync"
	"time"
)

// greet changes a variable between the start and the join, but passes its value.
func greet(users []string) []string {
	var wg sync.WaitGroup
	greeting := "hello "
	out := make([]string, len(users))
	for i, u := range users {
		wg.Add(1)
		go func(greeting string) {
			defer wg.Done()
			time.Sleep(2 * time.Millisecond)
			out[i] = greeting + u
		}(greeting)
	}
	greeting = "goodbye "
	wg.Wait()
	return append(out, greeting)
}
