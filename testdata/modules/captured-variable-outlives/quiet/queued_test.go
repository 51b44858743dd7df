package quiet

import "testing"

func TestQueued(t *testing.T) {
	if err := saveAll(1); err != nil {
		t.Error(err)
	}
	q := newQueue()
	if err := q.saveOne(1); err != nil {
		t.Error(err)
	}
	q.saveCopies([]int{1, 2})
}

func TestInALiteral(t *testing.T) {
	if n := request() + oneByOne(); n != 5 {
		t.Error(n)
	}
	_ = once()
}

func TestToldByParameter(t *testing.T) {
	events := make(chan int, 1)
	events <- 1
	close(events)
	if n := forwarded(events); n != 1 {
		t.Error(n)
	}
}
