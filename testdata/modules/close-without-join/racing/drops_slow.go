package racing

// reader is dropped by whoever finds it slow, and by the loop that ends it.
type reader struct {
	lines chan string
	slow  bool
}

func (r *reader) push(line string) {
	if r.slow {
		r.drop()
		return
	}
	r.lines <- line
}

func (r *reader) drop() {
	close(r.lines) // want "close-without-join: reader.lines"
}

func (r *reader) loop(end <-chan bool) {
	<-end
	r.drop()
}

// pushAll pushes lines from a goroutine that nobody waits for.
func pushAll(readers []*reader, lines []string) {
	go func() {
		for _, line := range lines {
			for _, r := range readers {
				r.push(line)
			}
		}
	}()
}
