package racing

import (
	"context"
	"testing"
	"time"
)

func TestIdle(t *testing.T) {
	p := connect(time.Millisecond)
	time.Sleep(2 * time.Millisecond)
	p.Close()
	time.Sleep(30 * time.Millisecond)
}

func TestLease(t *testing.T) {
	l := &lease{}
	for range 3 {
		l.take(time.Millisecond)
		time.Sleep(5 * time.Millisecond)
	}
}

func TestContextCallback(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	tr := &transfer{}
	tr.begin(ctx)
	cancel()
	tr.end()
	time.Sleep(30 * time.Millisecond)
}
