// Package script runs scripts whose failures are panics, recovered above a deferred close.
package script

import (
	"fmt"
	"sync"
	"time"
)

type environment struct {
	lines []string
}

// machine runs scripts; every script starts with a fresh environment.
type machine struct {
	env *environment
}

// run is the border at which a panic of a script becomes an error.
func (m *machine) run(script []string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("script failed: %v", r)
		}
	}()
	m.env = &environment{}
	m.execute(script)
	return nil
}

func (m *machine) execute(script []string) {
	p := newPump(m)
	p.open()
	defer p.close()
	for _, word := range script {
		p.write(m.eval(word))
	}
}

func (m *machine) eval(word string) string {
	if word == "fail" {
		panic("fail is not defined")
	}
	return "<" + word + ">"
}

// pump writes the output of a script in the background.
type pump struct {
	m     *machine
	words chan string
	stop  chan struct{}
	wg    sync.WaitGroup
}

func newPump(m *machine) *pump {
	return &pump{m: m, words: make(chan string, 8), stop: make(chan struct{})}
}

func (p *pump) open() {
	p.wg.Add(1)
	go p.loop()
}

func (p *pump) loop() {
	defer p.wg.Done()
	for {
		select {
		case w := <-p.words:
			time.Sleep(10 * time.Millisecond)
			p.m.env.lines = append(p.m.env.lines, w)
		case <-p.stop:
			return
		}
	}
}

func (p *pump) write(w string) {
	p.words <- w
}

func (p *pump) close() {
	close(p.stop)
	p.wg.Wait()
}
