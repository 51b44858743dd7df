package quiet

import "time"

// executeInternal runs a statement in the background, in a session nobody else has.
func executeInternal(slow chan<- bool) {
	go func() {
		s := &localSession{}
		begin(s, time.Now())
		slow <- checkSlow(s)
	}()
}
