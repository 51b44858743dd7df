package quiet

import "time"

// inTurn uses the variable of the loop itself, but joins in every iteration.
func inTurn(items []string, use func(string)) int {
	used := 0
	for _, it := range items {
		done := make(chan struct{})
		go func() {
			defer close(done)
			time.Sleep(time.Millisecond)
			use(it)
		}()
		<-done
		used++
	}
	return used
}
