package racing

import (
	"sync"
	"time"
)

// forward starts a helper for every line it gets. That the last helper is done
// says nothing about the line that is only now being read.
func forward(lines chan string) map[string]bool {
	var helpers sync.WaitGroup
	sent := map[string]bool{}
	go func() {
		for line := range lines {
			time.Sleep(time.Millisecond)
			helpers.Add(1) // want "waitgroup-add-races-wait: helpers"
			go func() {
				defer helpers.Done()
				time.Sleep(10 * time.Millisecond)
				sent[line] = true
			}()
		}
	}()
	lines <- "hello"
	time.Sleep(5 * time.Millisecond)
	helpers.Wait()
	return sent
}
