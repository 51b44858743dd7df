package racing

import (
	"io"
	"testing"
	"time"
)

func TestBuffer(t *testing.T) {
	j := &journal{out: io.Discard}
	for range 20 {
		j.log("hello", "world")
	}
	time.Sleep(30 * time.Millisecond)
}

func TestRequestContext(t *testing.T) {
	a := &auditor{paths: make(chan string, 20)}
	e := newEngine(a.handle)
	for range 20 {
		e.serve("/index")
	}
	for range 20 {
		<-a.paths
	}
}

func TestFreeList(t *testing.T) {
	s := &sender{sent: make(chan int, 3)}
	for _, payload := range []string{"a", "bb", "ccc"} {
		s.send([]byte(payload))
	}
	for range 3 {
		<-s.sent
	}
}

func TestScratch(t *testing.T) {
	r := &lineReader{lines: []string{"one", "two", "six"}, buf: make([]byte, 0, 8)}
	sums := make(chan int, 3)
	r.dispatch(sums)
	for range 3 {
		<-sums
	}
}
