package playback

import (
	"testing"
	"time"
)

func TestBadTrack(t *testing.T) {
	p := &player{}
	p.load([]byte{1, 0, 2, 3})
	if err := p.play(); err != errNoise {
		t.Fatal(err)
	}
	p.load([]byte{4, 5, 6})
	if err := p.play(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond)
}
