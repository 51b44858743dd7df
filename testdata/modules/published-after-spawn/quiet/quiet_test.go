package quiet

import (
	"testing"
	"time"
)

func TestConstructor(t *testing.T) {
	newBus(map[string]func(event){"stop": nil})
	time.Sleep(10 * time.Millisecond)
}

func TestSetter(t *testing.T) {
	run(3, func(int) {})
}

func TestTimer(t *testing.T) {
	k := &keepalive{every: time.Millisecond}
	k.start()
	time.Sleep(10 * time.Millisecond)
}

func TestHandedOver(t *testing.T) {
	if got := newKitchen().serve([]int{1, 2, 3}); got != 6 {
		t.Fatal(got)
	}
}

func TestElements(t *testing.T) {
	for _, start := range []func(*relay, []int){(*relay).start, (*relay).startCounted} {
		r := &relay{slots: make([]int, 3), sums: make(chan int, 3)}
		start(r, []int{1, 2, 3})
		for range 3 {
			<-r.sums
		}
	}
}

func TestWired(t *testing.T) {
	heard := make(chan string, 1)
	watch(heard)
	if got := <-heard; got != "ready" {
		t.Fatal(got)
	}
}

func TestNested(t *testing.T) {
	if got := configured(); got != 11 {
		t.Fatal(got)
	}
}

func TestPart(t *testing.T) {
	c := &car{}
	c.drive()
}

func TestNeeded(t *testing.T) {
	p := &pump{}
	p.start()
}

func TestThroughOnce(t *testing.T) {
	p := &boiler{}
	p.start()
	time.Sleep(9 * time.Millisecond)
}

func TestOwnChannel(t *testing.T) {
	if scanAll() != 1 {
		t.Fatal("not one")
	}
}

func TestAnotherConfig(t *testing.T) {
	twoMotors()
	time.Sleep(2 * time.Millisecond)
}

func TestKeptTwice(t *testing.T) {
	(&packing{paper: new(int)}).packAll(2)
}
