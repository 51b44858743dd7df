package quiet

import (
	"sync"
	"time"
)

type schema struct {
	version int
}

// pipeline has a group for its readers, which do not use the schema, and one for
// its writers, which do.
type pipeline struct {
	schema  *schema
	readers sync.WaitGroup
	writers sync.WaitGroup
}

func (p *pipeline) start() {
	rows := make(chan int, 4)
	p.readers.Add(1)
	go func() {
		defer p.readers.Done()
		defer close(rows)
		for i := range 4 {
			rows <- i
		}
	}()
	p.writers.Add(1)
	go func() {
		defer p.writers.Done()
		for r := range rows {
			time.Sleep(2 * time.Millisecond)
			p.write(r)
		}
	}()
}

func (p *pipeline) write(row int) int {
	return row * p.schema.version
}

func (p *pipeline) reload(s *schema) {
	p.writers.Wait()
	p.schema = s
}
