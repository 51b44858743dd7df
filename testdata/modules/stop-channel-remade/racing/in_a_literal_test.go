package racing

import (
	"testing"
	"time"
)

func TestInALiteral(t *testing.T) {
	g := &gatherer{}
	g.gather()
	g.gather()
	time.Sleep(20 * time.Millisecond)
}
