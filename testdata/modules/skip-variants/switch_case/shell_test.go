package shell

import "testing"

func TestExplain(t *testing.T) {
	s := &shell{}
	s.execute("/tmp", command{run, "ls"})
	s.execute("/var", command{explain, "ls"})
	s.execute("/etc", command{check, "cat"})
	if got := s.execute("/", command{run, "ls"}); got != 2 {
		t.Fatal(got)
	}
}
