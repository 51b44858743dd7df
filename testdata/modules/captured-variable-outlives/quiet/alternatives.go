package quiet

import (
	"errors"
	"sync"
	"time"
)

var errTooLate = errors.New("too late")

// retry ends by one of two channels, and the select takes either.
func retry(attempts int, try func(int) error) (int, error) {
	ok := make(chan struct{})
	errs := make(chan error, 1)
	count := 0
	go func() {
		for i := range attempts {
			count = i + 1
			if try(i) == nil {
				close(ok)
				return
			}
		}
		errs <- errTooLate
	}()
	select {
	case <-ok:
	case err := <-errs:
		return count, err
	}
	return count, nil
}

// addUp leaves its loop only when one of the channels is closed, which comes last.
func addUp(numbers []int) (int, error) {
	odd, even := make(chan int), make(chan int)
	var wg sync.WaitGroup
	for _, n := range numbers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if n%2 == 0 {
				even <- n
			} else {
				odd <- n
			}
		}()
	}
	var err error
	go func() {
		wg.Wait()
		err = errTooLate
		close(odd)
		close(even)
	}()
	sum := 0
each:
	for {
		select {
		case n, ok := <-odd:
			if !ok {
				break each
			}
			sum += n
		case n, ok := <-even:
			if !ok {
				break each
			}
			sum -= n
		}
	}
	return sum, err
}

// foundReady looks at what the goroutine found only where a flag says that it has been heard.
func foundReady(lines []string, limit time.Duration) bool {
	done := make(chan bool, 1)
	found := false
	go func() {
		for _, line := range lines {
			time.Sleep(time.Millisecond)
			if line == "ready" {
				found = true
			}
		}
		done <- true
	}()
	heard := false
	select {
	case heard = <-done:
	case <-time.After(limit):
	}
	return heard && found
}

// gated starts to read only when a goroutine lets it, which is started behind the write.
func gated(input []string) int {
	done := make(chan struct{})
	var wg sync.WaitGroup
	var source []string
	total := 0
	wg.Add(2)
	go func() {
		defer wg.Done()
		<-done
		total = len(source)
	}()
	source = input
	go func() {
		defer wg.Done()
		time.Sleep(time.Millisecond)
		close(done)
	}()
	wg.Wait()
	return total
}
