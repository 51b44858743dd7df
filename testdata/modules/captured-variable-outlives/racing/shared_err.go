package racing

import "time"

// replicate writes to two places at once, and to one err.
func replicate(near, far func() error) error {
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		time.Sleep(2 * time.Millisecond)
		err = far()
	}()
	err = near() // want "captured-variable-outlives: err"
	if err != nil {
		<-done
		return err
	}
	<-done
	return err
}
