package quiet

import "time"

// each starts a goroutine per item; since Go 1.22 every iteration has an item of its own.
func each(items []string, use func(string)) {
	for _, it := range items {
		go func() {
			time.Sleep(time.Millisecond)
			use(it)
		}()
	}
}
