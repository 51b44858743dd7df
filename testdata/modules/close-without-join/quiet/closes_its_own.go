package quiet

// spout is a goroutine's own: it alone sends on the channel that it closes, under two names.
type spout struct {
	drops chan int
	left  int
}

func (t *spout) drip() {
	for ; t.left > 0; t.left-- {
		t.drops <- t.left
	}
}

func openSpout(left int) <-chan int {
	drops := make(chan int, 1)
	t := &spout{drops: drops, left: left}
	go func() {
		defer close(drops)
		t.drip()
	}()
	return drops
}
