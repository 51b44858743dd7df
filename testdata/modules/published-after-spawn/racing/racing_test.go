package racing

import (
	"testing"
	"time"
)

func TestConstructor(t *testing.T) {
	newBus(map[string]func(event){"stop": nil})
	time.Sleep(30 * time.Millisecond)
}

func TestSetter(t *testing.T) {
	run(3, func(int) {})
}

func TestTimer(t *testing.T) {
	k := &keepalive{every: time.Millisecond}
	k.start()
	time.Sleep(30 * time.Millisecond)
}

func TestElements(t *testing.T) {
	r := &relay{slots: make([]int, 3), sums: make(chan int, 3)}
	r.start([]int{1, 2, 3})
	time.Sleep(30 * time.Millisecond)
}

func TestWired(t *testing.T) {
	watch(make(chan string, 1))
	time.Sleep(30 * time.Millisecond)
}

func TestNested(t *testing.T) {
	configured()
}

func TestPart(t *testing.T) {
	c := &car{}
	c.drive()
}

func TestNeeded(t *testing.T) {
	p := &pump{}
	p.start()
	time.Sleep(3 * time.Millisecond)
}

func TestThroughOnce(t *testing.T) {
	p := &boiler{}
	p.start()
	time.Sleep(9 * time.Millisecond)
}
