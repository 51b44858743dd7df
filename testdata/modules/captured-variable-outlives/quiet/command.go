package quiet

import (
	"bytes"
	"os/exec"
	"strings"
)

// started looks at what a command has printed when it is over.
func started(word string) bool {
	var out bytes.Buffer
	cmd := exec.Command("echo", word)
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		return out.Len() > 0
	}
	if err := cmd.Wait(); err != nil {
		return false
	}
	return strings.Contains(out.String(), word)
}

// startedElsewhere is told by the goroutine that waits.
func startedElsewhere(word string) bool {
	var out bytes.Buffer
	cmd := exec.Command("echo", word)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return false
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	<-over
	return strings.Contains(out.String(), word)
}
