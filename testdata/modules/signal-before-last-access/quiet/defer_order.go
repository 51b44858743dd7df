package quiet

import "sync"

// download counts in a defer that was registered after Done, and so runs before it.
type download struct {
	parts  int
	active int
	wg     sync.WaitGroup
}

func (d *download) fetch(parts int) int {
	d.parts = parts
	d.active = 1
	d.wg.Add(1)
	go func() {
		defer d.wg.Done()
		defer func() {
			d.active--
		}()
		d.parts *= 2
	}()
	d.wg.Wait()
	return d.parts + d.active
}
