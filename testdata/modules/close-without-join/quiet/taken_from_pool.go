package quiet

import "sync"

// message goes from a pool to a goroutine and back; nobody else has it meanwhile.
type message struct{ text string }

var messages = sync.Pool{New: func() any { return new(message) }}

func takeMessage() *message { return messages.Get().(*message) }

func (m *message) clear() { m.text = "" }

func giveBack(m *message) {
	m.clear()
	messages.Put(m)
}

func copyMessages(lines <-chan string, to chan<- string) {
	go func() {
		for line := range lines {
			m := takeMessage()
			m.text = line
			to <- m.text
			giveBack(m)
		}
		close(to)
	}()
}
