package flaky

import (
	"context"
	"testing"
	"time"
)

func TestAsk(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	ask(ctx, &journal{})
}
