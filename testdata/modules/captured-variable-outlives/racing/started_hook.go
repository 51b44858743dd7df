package racing

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

// answerDoor writes one variable on both sides of the hook.
func answerDoor(d *doorbell) error {
	var err error
	d.onRing(func(times int) {
		if times > 1 {
			err = errors.New("impatient")
		}
	})
	d.ring(2)
	time.Sleep(5 * time.Millisecond)
	err = errors.New("nobody") // want "captured-variable-outlives: err"
	return err
}
