package quiet

import "sync"

// forward starts a helper for every line it gets, and is waited for before they
// are.
func forward(lines chan string) map[string]bool {
	var reader, helpers sync.WaitGroup
	var mu sync.Mutex
	sent := map[string]bool{}
	reader.Add(1)
	go func() {
		defer reader.Done()
		for line := range lines {
			helpers.Add(1)
			go func() {
				defer helpers.Done()
				mu.Lock()
				defer mu.Unlock()
				sent[line] = true
			}()
		}
	}()
	lines <- "hello"
	close(lines)
	reader.Wait()
	helpers.Wait()
	return sent
}
