package quiet

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

// total waits for the crew before it adds its own part.
func total(mine, theirs func() int) int {
	var c crew
	sum := 0
	c.Go(func() { sum += theirs() })
	c.wg.Wait()
	return sum + mine()
}

// atOnce starts what it is given and waits for it.
func atOnce(work func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	<-done
}

func totalAtOnce(mine, theirs func() int) int {
	sum := 0
	atOnce(func() { sum += theirs() })
	sum += mine()
	return sum
}
