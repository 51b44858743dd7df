package quiet

import (
	"errors"
	"time"
)

// replicate has an err for each side.
func replicate(near, far func() error) error {
	done := make(chan struct{})
	var farErr error
	go func() {
		defer close(done)
		time.Sleep(2 * time.Millisecond)
		err := far()
		farErr = err
	}()
	err := near()
	<-done
	return errors.Join(err, farErr)
}
