package racing

import (
	"bytes"
	"os/exec"
	"strings"
	"time"
)

// started polls what a command prints while a goroutine of the library copies it.
func started(word string) bool {
	var out bytes.Buffer
	cmd := exec.Command("echo", word)
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		return false
	}
	defer func() { _ = cmd.Wait() }()
	for range 100 {
		if strings.Contains(out.String(), word) { // want "captured-variable-outlives: out"
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}
