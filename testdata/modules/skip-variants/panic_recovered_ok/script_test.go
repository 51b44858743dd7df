package script

import (
	"testing"
	"time"
)

func TestFailingScript(t *testing.T) {
	m := &machine{}
	if err := m.run([]string{"a", "b", "fail"}); err == nil {
		t.Fatal("the script should have failed")
	}
	if err := m.run([]string{"c"}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
}
