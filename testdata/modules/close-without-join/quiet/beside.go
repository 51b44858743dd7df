package quiet

import "sync"

// mixer closes what it sends on where it sends.
type mixer struct{ out chan int }

func (m *mixer) run(stop <-chan bool) {
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		<-stop
	}()
	go func() {
		defer both.Done()
		defer close(m.out)
		for i := range 40 {
			select {
			case m.out <- i:
			default:
			}
		}
	}()
	both.Wait()
}
