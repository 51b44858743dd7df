package query

import (
	"testing"
	"time"
)

func TestBadPage(t *testing.T) {
	s := &session{}
	s.fetch = func(page int) []string {
		time.Sleep(5 * time.Millisecond)
		if page == 1 {
			return nil
		}
		return []string{"a", "b"}
	}
	for range 2 {
		if _, err := s.run(); err != errBadPage {
			t.Fatal(err)
		}
	}
	time.Sleep(30 * time.Millisecond)
}
