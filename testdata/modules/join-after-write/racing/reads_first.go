package racing

import "time"

// roster is kept by its loop until it is told to quit.
type roster struct {
	names []string
	joins chan string
	quit  chan struct{}
	done  chan struct{}
}

func newRoster() *roster {
	r := &roster{joins: make(chan string), quit: make(chan struct{}), done: make(chan struct{})}
	go r.loop()
	return r
}

func (r *roster) loop() {
	defer close(r.done)
	for {
		select {
		case name := <-r.joins:
			time.Sleep(2 * time.Millisecond)
			r.names = append(r.names, name)
		case <-r.quit:
			return
		}
	}
}

// Close counts before the loop has taken in the last name.
func (r *roster) Close() int {
	count := len(r.names) // want "join-after-write: roster.names"
	close(r.quit)
	<-r.done
	return count
}
