package upload

import (
	"strings"
	"testing"
	"time"
)

func TestRefusedUpload(t *testing.T) {
	c := &client{
		accept: func(name string) bool { return !strings.HasPrefix(name, "huge") },
		show:   func(string) {},
	}
	if err := c.upload("small.txt", 5); err != nil {
		t.Fatal(err)
	}
	if err := c.upload("huge.iso", 5); err != errRefused {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	if err := c.upload("notes.md", 5); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond)
}
