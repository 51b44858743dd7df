package quiet

import (
	"strings"
	"testing"
	"time"
)

func TestServe(t *testing.T) {
	a := &answers{}
	serve(strings.NewReader("onetwothree"), a)
	serveNew(strings.NewReader("onetwothree"), a)
	serveNext(strings.NewReader("onetwothree"), a)
	serveInTurn(strings.NewReader("onetwothree"), a)
	serveOne(strings.NewReader("onetwothree"), a)
	time.Sleep(20 * time.Millisecond)
}

func TestLines(t *testing.T) {
	out := make(chan string)
	go lines(strings.NewReader("one\ntwo\n"), out)
	n := 0
	for range out {
		n++
	}
	if n != 2 {
		t.Error(n)
	}
	if n := echoed(strings.NewReader("one\ntwo\n")); n != 6 {
		t.Error(n)
	}
}
