package racing

import (
	"testing"
	"time"
)

func TestDoneThenWrite(t *testing.T) {
	_ = runTask().String()
	time.Sleep(30 * time.Millisecond)
}

func TestCloseThenWrite(t *testing.T) {
	w := &worker{}
	w.start()
	w.restart()
	time.Sleep(30 * time.Millisecond)
}

func TestDeferOrder(t *testing.T) {
	d := &download{}
	d.fetch(3)
	time.Sleep(30 * time.Millisecond)
}

func TestResultThenLog(t *testing.T) {
	p := &probe{}
	if !p.measure() {
		t.Fatal("down")
	}
	p.clear()
	time.Sleep(30 * time.Millisecond)
}

func TestInDeferred(t *testing.T) {
	_ = newStream().wait()
	time.Sleep(10 * time.Millisecond)
}

func TestLimited(t *testing.T) {
	_ = squares([]int{1, 2, 3})
	time.Sleep(10 * time.Millisecond)
}
