package quiet

import "sync"

var (
	slotsOnce sync.Once
	slotsLock sync.RWMutex
	slotCount = 8
	slots     []int
)

func makeSlots() {
	slotsOnce.Do(func() {
		slots = make([]int, slotCount)
	})
}

func slot(at int) int {
	makeSlots()
	slotsLock.RLock()
	defer slotsLock.RUnlock()
	return slots[at]
}

// resize makes the slots first: whoever makes them has read the count.
func resize(count int) {
	makeSlots()
	slotsLock.Lock()
	defer slotsLock.Unlock()
	slotCount = count
	slots = make([]int, slotCount)
}
