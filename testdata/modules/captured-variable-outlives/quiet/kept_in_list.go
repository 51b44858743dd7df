package quiet

import "sync"

// sizesByName waits for the counters of all names, which a map keeps.
func sizesByName(names []string) []int {
	var mu sync.Mutex
	var sizes []int
	pending := map[string]*sync.WaitGroup{}
	for _, name := range names {
		wg := new(sync.WaitGroup)
		wg.Add(1)
		pending[name] = wg
	}
	for name, wg := range pending {
		go func(wg *sync.WaitGroup) {
			defer wg.Done()
			mu.Lock()
			defer mu.Unlock()
			sizes = append(sizes, len(name))
		}(wg)
	}
	for _, wg := range pending {
		wg.Wait()
	}
	return sizes
}

// sizesInList waits for a channel of each name, which a list keeps.
func sizesInList(names []string) []int {
	var mu sync.Mutex
	var sizes []int
	var pending []chan struct{}
	for _, name := range names {
		done := make(chan struct{})
		pending = append(pending, done)
		go func() {
			defer close(done)
			mu.Lock()
			defer mu.Unlock()
			sizes = append(sizes, len(name))
		}()
	}
	for _, done := range pending {
		<-done
	}
	return sizes
}
