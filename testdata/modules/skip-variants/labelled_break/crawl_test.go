package crawl

import (
	"testing"
	"time"
)

func TestLogout(t *testing.T) {
	c := &crawler{}
	pages := map[string]page{
		"a.example": {links: []string{"x", "logout", "y"}},
		"b.example": {links: []string{"x", "y"}},
	}
	if got := c.crawl([]string{"a.example", "b.example"}, pages); got != 1 {
		t.Fatal(got)
	}
	time.Sleep(5 * time.Millisecond)
	if got := c.crawl([]string{"b.example"}, pages); got != 2 {
		t.Fatal(got)
	}
	time.Sleep(30 * time.Millisecond)
}
