package racing

import "sync"

// crew starts what it is given, and does nothing else.
type crew struct{ wg sync.WaitGroup }

func (c *crew) Go(work func()) {
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		work()
	}()
}

// total goes on to its own part of the sum before the crew is done.
func total(mine, theirs func() int) int {
	var c crew
	sum := 0
	c.Go(func() { sum += theirs() })
	sum += mine() // want "captured-variable-outlives: sum"
	c.wg.Wait()
	return sum
}
