package quiet

import (
	"sync"
	"time"
)

// fountain counts its goroutine in a group of the garden, which waits for all of it before it starts anything again.
type fountain struct {
	group *sync.WaitGroup
	level *int
}

func (f *fountain) start() {
	f.level = new(int)
	f.group.Add(1)
	go func() {
		defer f.group.Done()
		time.Sleep(2 * time.Millisecond)
		*f.level++
	}()
}

type garden struct {
	group    sync.WaitGroup
	fountain *fountain
}

func newGarden() *garden {
	g := &garden{}
	g.fountain = &fountain{group: &g.group}
	return g
}

func (g *garden) day() {
	g.fountain.start()
	g.group.Wait()
}
