package quiet

import "sync"

// putAll puts all keys at once, each with an err of its own.
func putAll(keys []string, put func(string) error) error {
	var wg sync.WaitGroup
	failed := make(chan error)
	for _, key := range keys {
		wg.Add(1)
		go func() {
			defer wg.Done()
			failed <- put(key)
		}()
	}
	go func() {
		wg.Wait()
		close(failed)
	}()
	for err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}
