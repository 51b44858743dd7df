package racing

import (
	"testing"
	"time"
)

func TestRange(t *testing.T) {
	each([]string{"a", "b", "c"}, func(string) {})
}

func TestThreeClauses(t *testing.T) {
	say := make(chan int, 3)
	for n := countdown(3, say); n > 0; n-- {
		<-say
	}
}

func TestDigAll(t *testing.T) {
	digAll([]*digger{{}, {}})
	time.Sleep(10 * time.Millisecond)
}
