package quiet

import "sync"

// squares leaves the counting to Go, which adds before it starts.
type squares struct {
	out []int
}

func (s *squares) compute(in []int) {
	s.out = make([]int, len(in))
	var wg sync.WaitGroup
	for i, v := range in {
		wg.Go(func() { s.out[i] = v * v })
	}
	wg.Wait()
	s.out = append(s.out, 0)
}
