package racing

import (
	"io"
	"net/http"
	"testing"
	"time"
)

func TestEarlyReturn(t *testing.T) {
	ta := &tally{counts: make([]int, 2)}
	if err := ta.count([]string{"a", "b", "c"}); err != errTooMany {
		t.Fatal(err)
	}
	ta.clear()
	time.Sleep(30 * time.Millisecond)
}

func TestDrain(t *testing.T) {
	p := &parser{lines: []line{{text: "a"}, {text: "b", bad: true}, {text: "c"}}}
	p.parseAll()
	time.Sleep(30 * time.Millisecond)
}

func TestPatience(t *testing.T) {
	c := &cache{}
	c.start()
	c.drop(time.Millisecond)
	time.Sleep(80 * time.Millisecond)
}

func TestRequest(t *testing.T) {
	v := &visit{request: &http.Request{Method: "GET"}}
	v.end(3 * time.Millisecond)
	time.Sleep(40 * time.Millisecond)
}

func TestLent(t *testing.T) {
	slow, words := io.Pipe()
	time.AfterFunc(10*time.Millisecond, func() { _, _ = words.Write([]byte("too late")) })
	buf := make([]byte, 8)
	if _, err := (&impatient{slow}).Read(buf); err != errLate {
		t.Fatal(err)
	}
	for range 15 {
		buf[0] = 'y'
		time.Sleep(time.Millisecond)
	}
}
