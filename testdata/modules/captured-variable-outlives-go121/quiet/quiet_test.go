package quiet

import (
	"testing"
	"time"
)

func TestOwnCopy(t *testing.T) {
	each([]string{"a", "b", "c"}, func(string) {})
}

func TestArgument(t *testing.T) {
	say := make(chan int, 3)
	for n := countdown(3, say); n > 0; n-- {
		<-say
	}
}

func TestJoinedEachTime(t *testing.T) {
	if got := inTurn([]string{"a", "b"}, func(string) {}); got != 2 {
		t.Fatal(got)
	}
}

func TestDigAll(t *testing.T) {
	diggers := []*digger{{}, {}}
	digAll(diggers)
	time.Sleep(5 * time.Millisecond)
	for _, d := range diggers {
		d.stop <- true
	}
}
