package racing

import (
	"sync"
	"time"
)

// keeper saves addresses in the background. Its start counts the goroutine when
// that has been started already.
type keeper struct {
	saving sync.WaitGroup
	saved  []string
}

func newKeeper() *keeper {
	k := &keeper{}
	go k.start()
	return k
}

func (k *keeper) start() {
	go k.save()
	time.Sleep(10 * time.Millisecond)
	k.saving.Add(1) // want "waitgroup-add-races-wait: keeper.saving"
}

func (k *keeper) save() {
	defer k.saving.Done()
	time.Sleep(40 * time.Millisecond)
	k.saved = append(k.saved, "localhost")
}

func (k *keeper) stop() int {
	k.saving.Wait()
	return len(k.saved)
}
