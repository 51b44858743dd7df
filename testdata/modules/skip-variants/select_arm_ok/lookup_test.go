package lookup

import (
	"context"
	"testing"
	"time"
)

func TestDeadline(t *testing.T) {
	r := &resolver{delay: 30 * time.Millisecond}
	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Millisecond)
		if _, err := r.resolve(ctx, "gopher"); err != context.DeadlineExceeded {
			t.Error(err)
		}
		cancel()
	}
	if n, err := r.resolve(context.Background(), "go"); n != 2 || err != nil {
		t.Fatal(n, err)
	}
}
