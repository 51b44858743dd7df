package quiet

import (
	"errors"
	"time"
)

// doorbell starts its hook in a goroutine of its own each time that it rings.
type doorbell struct{ hook func(int) }

func (d *doorbell) onRing(hook func(int)) { d.hook = hook }

func (d *doorbell) ring(times int) {
	if hook := d.hook; hook != nil {
		go hook(times)
	}
}

// answerDoor has a variable on each side of the hook.
func answerDoor(d *doorbell) error {
	d.onRing(func(times int) {
		var err error
		if times > 1 {
			err = errors.New("impatient")
		}
		_ = err
	})
	d.ring(2)
	time.Sleep(5 * time.Millisecond)
	err := errors.New("nobody")
	return err
}
