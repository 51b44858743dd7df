// Package shell waits for the jobs of every kind of command.
package shell

import (
	"sync"
	"time"
)

type kind int

const (
	run kind = iota
	check
	explain
)

type command struct {
	kind kind
	text string
}

// shell executes one command after the other.
type shell struct {
	cwd   string
	lines []string
}

func (s *shell) execute(dir string, c command) int {
	s.cwd = dir
	j := startJob(s, c.text)
	switch c.kind {
	case explain:
		j.wait()
		return len(c.text)
	case check:
		j.wait()
		return 0
	default:
		j.wait()
		s.lines = append(s.lines, j.output)
	}
	return len(s.lines)
}

type job struct {
	output string
	wg     sync.WaitGroup
}

func startJob(s *shell, text string) *job {
	j := &job{}
	j.wg.Add(1)
	go func() {
		defer j.wg.Done()
		time.Sleep(10 * time.Millisecond)
		j.output = s.cwd + "$ " + text
	}()
	return j
}

func (j *job) wait() {
	j.wg.Wait()
}
