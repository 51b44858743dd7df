package racing

import "sync"

// download counts in a defer that was registered before Done, and so runs after it.
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
		defer func() {
			d.active-- // want "signal-before-last-access: download.active"
		}()
		defer d.wg.Done()
		d.parts *= 2
	}()
	d.wg.Wait()
	return d.parts + d.active
}
