package racing

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestTimeout(t *testing.T) {
	find := func() string {
		time.Sleep(10 * time.Millisecond)
		return "ada"
	}
	lookup(find, time.Millisecond)
	time.Sleep(30 * time.Millisecond)
}

func TestBetween(t *testing.T) {
	greet([]string{"ada", "bob"})
}

func TestSharedErr(t *testing.T) {
	ok := func() error { return nil }
	if err := replicate(ok, ok); err != nil {
		t.Fatal(err)
	}
}

func TestPartial(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err := gather(ctx, []string{"a", "b", "c", "d"}); err == nil {
		t.Fatal("gathered everything")
	}
	time.Sleep(30 * time.Millisecond)
}

func TestLeftRange(t *testing.T) {
	_, _ = decode([]string{"a", "stop", "b"})
	time.Sleep(30 * time.Millisecond)
}

func TestHandedChannel(t *testing.T) {
	left := 5
	collect(make(chan int, 1), func() bool { left--; return left > 0 })
	time.Sleep(10 * time.Millisecond)
}

func TestDeadline(t *testing.T) {
	_, _ = size(func() int { return 1 })
	time.Sleep(40 * time.Millisecond)
}

func TestRounds(t *testing.T) {
	rounds(2, 2)
	time.Sleep(10 * time.Millisecond)
}

func TestOwnGroup(t *testing.T) {
	boundedSum([]int{1, 2, 3, 4})
	time.Sleep(20 * time.Millisecond)
}

func TestRetry(t *testing.T) {
	slow := func(int) error {
		time.Sleep(2 * time.Millisecond)
		return errTooLate
	}
	retry(5, slow, time.Millisecond)
	time.Sleep(20 * time.Millisecond)
}

func TestFoundReady(t *testing.T) {
	foundReady([]string{"", "ready"}, time.Microsecond)
	time.Sleep(10 * time.Millisecond)
}

func TestGated(t *testing.T) {
	gated([]string{"a"})
}

func TestCommand(t *testing.T) {
	started("ready")
}

func TestAnotherReceive(t *testing.T) {
	one := func() int { return 1 }
	firstOf(one, one)
	time.Sleep(20 * time.Millisecond)
}

func TestEnded(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	cancelled(ctx)
	firstOver()
	interrupted(time.After(time.Millisecond))
	time.Sleep(20 * time.Millisecond)
}

func TestPipe(t *testing.T) {
	closedEarly()
	otherPipe(strings.NewReader("hello"))
	time.Sleep(20 * time.Millisecond)
}

func TestWays(t *testing.T) {
	lastOnly([]string{"a", "bb", "ccc"})
	turns := 0
	next := func() (int, error) {
		turns++
		if turns%2 == 1 {
			return 0, errNoCommand
		}
		time.Sleep(time.Millisecond)
		return turns, nil
	}
	sayNext(next, func() bool { return turns > 6 }, func(int) { time.Sleep(time.Millisecond) })
}

func TestNeither(t *testing.T) {
	defer func() { recover() }()
	neither(func() error { time.Sleep(10 * time.Millisecond); return nil })
	time.Sleep(20 * time.Millisecond)
}

func TestOnce(t *testing.T) {
	outcome(time.After(time.Millisecond), func() error { return nil })
	time.Sleep(10 * time.Millisecond)
}

func TestReturned(t *testing.T) {
	counted()
}

func TestEachWrites(t *testing.T) {
	putAll([]string{"a", "b"}, func(string) error { return nil })
}

func TestWaitValue(t *testing.T) {
	inBadTime()
	time.Sleep(20 * time.Millisecond)
}

func TestGivenAway(t *testing.T) {
	t.Log(countCalls())
	time.Sleep(30 * time.Millisecond)
}

func TestOnlyStarts(t *testing.T) {
	total(func() int { return 1 }, func() int { return 2 })
}

func TestNestedStart(t *testing.T) {
	drain()
	time.Sleep(10 * time.Millisecond)
}

func TestEither(t *testing.T) {
	enough := make(chan struct{})
	close(enough)
	find := func() (string, error) {
		time.Sleep(10 * time.Millisecond)
		return "ada", nil
	}
	_ = ask(find, enough)
	time.Sleep(30 * time.Millisecond)
}

type silent struct{}

func (silent) Errorf(string, ...any) {}

func (silent) FailNow() {}

func TestOwnHandle(t *testing.T) {
	await(silent{}, func() int {
		time.Sleep(10 * time.Millisecond)
		return 7
	})
	time.Sleep(30 * time.Millisecond)
}

func TestKeptInList(t *testing.T) {
	sizesInLists([]string{"ada", "bob", "eve"})
	time.Sleep(20 * time.Millisecond)
}

func TestGate(t *testing.T) {
	race(3)
}

func TestStartedHook(t *testing.T) {
	_ = answerDoor(&doorbell{})
}

func TestSwappedContext(t *testing.T) {
	showProgress(context.Background(), 1)
}

func TestRelay(t *testing.T) {
	r := &relay{}
	r.follow([]bool{true, false, true})
}

func TestLister(t *testing.T) {
	l := &lister{twice: true}
	_ = l.list(func() error { return nil })
}

func TestSaveParts(t *testing.T) {
	now := func(run func() error) error { return run() }
	_ = saveParts([]string{"one", "two"}, now, func() error { return nil })
}

func TestLogs(t *testing.T) {
	nothing := func() error { return nil }
	_, _ = logs(nothing, nothing, true)
	time.Sleep(20 * time.Millisecond)
}

func TestPump(t *testing.T) {
	pump([]bool{true, false, true}, source)
}

func TestPark(t *testing.T) {
	_ = park(1)
}

func TestTurns(t *testing.T) {
	_ = turns([]bool{false, false, true, false}, func() int { return 1 })
}

func TestLines(t *testing.T) {
	nothing := func() error { return nil }
	_ = lines(nothing, nothing)
	time.Sleep(20 * time.Millisecond)
}
