package racing

import "time"

type question struct {
	text   string
	answer chan int
}

// oracle answers slowly, on the channel that comes with the question.
type oracle struct{ questions chan question }

func newOracle() *oracle {
	o := &oracle{questions: make(chan question)}
	go o.run()
	return o
}

func (o *oracle) run() {
	for q := range o.questions {
		time.Sleep(5 * time.Millisecond)
		q.answer <- len(q.text)
	}
}

// ask gives up after a while, and closes the channel all the same.
func (o *oracle) ask(text string, patience time.Duration) int {
	answer := make(chan int, 1)
	defer close(answer) // want "close-without-join: question.answer"
	o.questions <- question{text, answer}
	select {
	case n := <-answer:
		return n
	case <-time.After(patience):
		return -1
	}
}
