package quiet

import (
	"context"
	"sync"
	"testing"
	"time"
)

func TestResultChannel(t *testing.T) {
	find := func() string {
		time.Sleep(10 * time.Millisecond)
		return "ada"
	}
	lookup(find, time.Millisecond)
	time.Sleep(20 * time.Millisecond)
}

func TestPassed(t *testing.T) {
	greet([]string{"ada", "bob"})
}

func TestOwnErr(t *testing.T) {
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
}

func TestLoopVariable(t *testing.T) {
	used := make(chan string, 3)
	each([]string{"a", "b", "c"}, func(it string) { used <- it })
	for range 3 {
		<-used
	}
}

func TestLeftRange(t *testing.T) {
	if _, err := decode([]string{"a", "stop", "b"}); err == nil {
		t.Fatal("no error")
	}
}

func TestDecided(t *testing.T) {
	if ready()+first()+inTime()+copied()+relayed() == 0 || pointed() == 0 {
		t.Fatal("nothing")
	}
}

func TestHandedChannel(t *testing.T) {
	left := 5
	collect(make(chan int, 1), func() bool { left--; return left > 0 })
}

func TestDeadline(t *testing.T) {
	if _, err := size(func() int { return 1 }); err == nil {
		t.Fatal("in time")
	}
	time.Sleep(40 * time.Millisecond)
}

func TestRounds(t *testing.T) {
	if got := rounds(2, 3); got != 12 {
		t.Fatal(got)
	}
}

func TestOwnGroup(t *testing.T) {
	if got := boundedSum([]int{1, 2, 3, 4}); got != 10 {
		t.Fatal(got)
	}
}

func TestAlternatives(t *testing.T) {
	fail := func(int) error { return errTooLate }
	if n, err := retry(3, fail); n != 3 || err == nil {
		t.Fatal(n, err)
	}
	if n, err := retry(3, func(int) error { return nil }); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if sum, err := addUp([]int{1, 2, 3}); sum != 2 || err == nil {
		t.Fatal(sum, err)
	}
	if !foundReady([]string{"start", "ready"}, time.Second) || foundReady([]string{"ready", ""}, time.Microsecond) {
		t.Fatal("not ready")
	}
	if n := gated([]string{"a", "b"}); n != 2 {
		t.Fatal(n)
	}
	time.Sleep(5 * time.Millisecond)
}

func TestOwnCall(t *testing.T) {
	var seen sync.Map
	t.Log(descend(4, &seen), tally(8))
}

func TestCommand(t *testing.T) {
	if !started("ready") || !startedElsewhere("ready") {
		t.Fatal("not started")
	}
}

func TestAnotherReceive(t *testing.T) {
	one := func() int { return 1 }
	first, second := chained(one, one)
	if first+second+told(one) != 3 {
		t.Fatal(first, second)
	}
}

func TestEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(time.Millisecond, cancel)
	if ended() != 1 {
		t.Fatal("not over")
	}
	if result, err := watched(ctx); result != 1 || err == nil {
		t.Fatal("not over")
	}
}

func TestPipe(t *testing.T) {
	if n, err := piped(); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := packed(); n != 5 || err != nil {
		t.Fatal(n, err)
	}
}

// numbers gives each number, and an error for every 0.
func numbers(all ...int) func() (int, error) {
	return func() (int, error) {
		if len(all) == 0 {
			return 0, errNoCommand
		}
		n := all[0]
		all = all[1:]
		if n == 0 {
			return 0, errNoCommand
		}
		return n, nil
	}
}

func TestWays(t *testing.T) {
	firstOnly([]string{"a", "b", "c"})
	turns := 0
	closing := func() bool { turns++; return turns < 3 }
	sayLast(numbers(1, 2, 0, 3, 4), closing, func(int) {})
	if either(nil) != errNoCommand {
		t.Fatal("another error")
	}
	if titled([]string{"a", "b"}) != 4 {
		t.Fatal("wrong length")
	}
}

func TestOnce(t *testing.T) {
	for _, err := range []error{nil, errWork} {
		outcome(time.After(time.Millisecond), func() error { time.Sleep(time.Millisecond); return err })
	}
}

func TestReturned(t *testing.T) {
	if n, more, err := counted(); n != 1 || !more || err != nil {
		t.Fatal(n, more, err)
	}
}

func TestWaitValue(t *testing.T) {
	if sum, err := inGoodTime(); sum != 1 || err != nil {
		t.Fatal(sum, err)
	}
}

func TestEachWrites(t *testing.T) {
	putAll([]string{"a", "b"}, func(string) error { return nil })
}

func TestGivenAway(t *testing.T) {
	t.Log(countCalls(), longest([]string{"a", "bc"}))
	tasks := make(chan task)
	go workOff(tasks)
	t.Log(handedOver(tasks))
	close(tasks)
	time.Sleep(30 * time.Millisecond)
}

func TestOnlyStarts(t *testing.T) {
	one, two := func() int { return 1 }, func() int { return 2 }
	total(one, two)
	totalAtOnce(one, two)
}

func TestNestedStart(t *testing.T) {
	drain()
}

func TestEither(t *testing.T) {
	for _, err := range []error{nil, errNone} {
		find := func() (string, error) { return "ada", err }
		if name := ask(find, true); (name == "ada") != (err == nil) {
			t.Error(name, err)
		}
	}
	if ask(nil, false) != "" {
		t.Error("found somebody")
	}
	asked := make(chan string)
	go func() { asked <- ask(func() (string, error) { return "ada", nil }, true) }()
	if name := <-asked; name != "ada" {
		t.Error(name)
	}
	go ask(func() (string, error) { return "bob", nil }, true)
}

func TestOwnHandle(t *testing.T) {
	if await(t, func() int { return 7 }) != 7 {
		t.Error("not awaited")
	}
}

func TestKeptInList(t *testing.T) {
	sizesByName([]string{"ada", "bob"})
	sizesInList([]string{"ada", "bob"})
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
	r.follow([]bool{true, true, false, true})
}

func TestLister(t *testing.T) {
	for _, plain := range []bool{false, true} {
		l := &lister{plain: plain}
		_ = l.list(func() error { return nil })
	}
}

func TestSaveParts(t *testing.T) {
	now := func(run func() error) error { return run() }
	for _, parts := range [][]string{nil, {"one", "two"}} {
		_ = saveParts(parts, now, func() error { return nil })
	}
}

func TestLogs(t *testing.T) {
	nothing := func() error { return nil }
	for _, broken := range []bool{false, true} {
		if lines, failed := logs(nothing, nothing, broken); failed == nil {
			<-lines
		}
	}
}

func TestPump(t *testing.T) {
	pump([]bool{true, true, false, true}, source)
}

func TestPark(t *testing.T) {
	_ = park(1)
}
