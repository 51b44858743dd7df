package quiet

import "sync"

// keeper counts two goroutines, each before its start: the second Add stands
// behind the first start, and is for the second.
type keeper struct {
	saving sync.WaitGroup
	ready  chan struct{}
	saved  [2]string
}

func (k *keeper) start() {
	k.saving.Add(1)
	go k.save(0)
	k.saving.Add(1)
	go k.save(1)
}

// hold counts the goroutine behind its start, which goes on when it is told so.
func (k *keeper) hold() {
	go k.wait()
	k.saving.Add(1)
	close(k.ready)
}

func (k *keeper) wait() {
	<-k.ready
	k.saving.Done()
}

func (k *keeper) save(at int) {
	defer k.saving.Done()
	k.saved[at] = "localhost"
}

func (k *keeper) stop() int {
	k.saving.Wait()
	return len(k.saved[0]) + len(k.saved[1])
}
