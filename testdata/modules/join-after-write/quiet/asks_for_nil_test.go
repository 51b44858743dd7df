package quiet

import "testing"

func TestAsksForNil(t *testing.T) {
	target := "localhost"
	m := &monitor{target: &target}
	m.start()
	m.Close()
	(&monitor{}).Close()
}
