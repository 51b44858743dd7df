package quiet

import (
	"context"
	"testing"
	"time"
)

func TestWaitWhenFired(t *testing.T) {
	p := connect(time.Millisecond)
	time.Sleep(2 * time.Millisecond)
	p.Close()
	connect(time.Hour).Close()
}

func TestGeneration(t *testing.T) {
	l := &lease{}
	for range 3 {
		l.take(time.Millisecond)
		time.Sleep(5 * time.Millisecond)
	}
}

func TestOnlyWhenStopped(t *testing.T) {
	for _, cancelled := range []bool{true, false} {
		ctx, cancel := context.WithCancel(context.Background())
		tr := &transfer{}
		tr.begin(ctx)
		if cancelled {
			cancel()
		}
		tr.end()
		cancel()
		time.Sleep(10 * time.Millisecond)
	}
}

func TestChannelTimer(t *testing.T) {
	in := make(chan int, 2)
	in <- 1
	in <- 2
	b := &batch{full: 3}
	if got := b.fill(in, 2*time.Millisecond); len(got) != 2 {
		t.Fatal(got)
	}
}
