package quiet

import "time"

// entry is read from a line; each reader has its own.
type entry struct{ meta *string }

func (e *entry) decode(line string) {
	e.meta = &line
}

// tail keeps the last entry that it has written itself.
type tail struct{ last entry }

func (t *tail) Close() {
	t.last.meta = nil
}

func (t *tail) follow(lines []string) {
	go func() {
		for _, line := range lines {
			var e entry
			decodeInto(&e, line)
			time.Sleep(time.Millisecond)
		}
	}()
}

func decodeInto(e *entry, line string) { e.decode(line) }
