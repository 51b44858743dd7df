package racing

import "sync"

// putAll puts all keys at once, and keeps one err for them.
func putAll(keys []string, put func(string) error) error {
	var err error
	var wg sync.WaitGroup
	for _, key := range keys {
		wg.Add(1)
		go func() {
			defer wg.Done()
			err = put(key) // want "captured-variable-outlives: err"
			if err != nil {
				return
			}
		}()
	}
	wg.Wait()
	return err
}
