package racing

import "sync"

// mixer waits for both of its goroutines, but one closes what the other sends on.
type mixer struct{ out chan int }

func (m *mixer) run(stop <-chan bool) {
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		<-stop
		close(m.out) // want "close-without-join: mixer.out"
	}()
	go func() {
		defer both.Done()
		for i := range 40 {
			select {
			case m.out <- i:
			default:
			}
		}
	}()
	both.Wait()
}
