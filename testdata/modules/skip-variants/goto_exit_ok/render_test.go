package render

import (
	"testing"
	"time"
)

func TestBadBox(t *testing.T) {
	p := &page{boxes: []int{1, -1}}
	if got := p.render(&theme{colour: "red"}); got != -1 {
		t.Fatal(got)
	}
	p.boxes = []int{1, 2}
	if got := p.render(&theme{colour: "blue"}); got != 6 {
		t.Fatal(got)
	}
	time.Sleep(30 * time.Millisecond)
}
