package racing

import "sync"

var (
	slotsOnce sync.Once
	slotsLock sync.Mutex
	slotCount = 8
	slots     []int
)

func makeSlots() {
	slotsOnce.Do(func() {
		slots = make([]int, slotCount)
	})
}

// resize has not been where somebody else may still be making the slots: its lock is not theirs.
func resize(count int) {
	slotsLock.Lock()
	defer slotsLock.Unlock()
	slotCount = count // want "global-restored-under-goroutine: slotCount"
}
