package racing

import (
	"testing"
	"time"
)

func TestNoJoin(t *testing.T) {
	c := &conn{}
	for _, q := range []string{"select", "update"} {
		c.exec(q)
	}
	time.Sleep(30 * time.Millisecond)
}

func TestInPlace(t *testing.T) {
	c := &connection{audit: make(chan string, 2)}
	c.serve("ada")
	c.serve("bob")
	<-c.audit
	<-c.audit
}

func TestGetter(t *testing.T) {
	s := &localSession{}
	execute(s)
	execute(s)
	time.Sleep(30 * time.Millisecond)
}

func TestSuite(t *testing.T) {
	s := &suite{}
	told := make(chan string, 2)
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			s.setT(t)
			s.notify(told)
		})
	}
	<-told
	<-told
}

func TestNextCall(t *testing.T) {
	collect()
	time.Sleep(10 * time.Millisecond)
}

func TestNested(t *testing.T) {
	f := &fetcher{}
	for range 2 {
		f.Start(1)
		time.Sleep(time.Millisecond)
		f.Stop()
	}
	time.Sleep(20 * time.Millisecond)
}

func TestNextSetup(t *testing.T) {
	suiteOfTwo(t)
}
