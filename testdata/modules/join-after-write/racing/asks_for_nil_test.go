package racing

import "testing"

func TestAsksForNil(t *testing.T) {
	target := "localhost"
	m := &monitor{target: &target, probe: &probe{}}
	m.start()
	m.Close()
}
