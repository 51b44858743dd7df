package quiet

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
		q.answer <- len(q.text)
	}
}

// ask leaves the channel to the collector when it gives up.
func (o *oracle) ask(text string, patience time.Duration) int {
	answer := make(chan int, 1)
	o.questions <- question{text, answer}
	select {
	case n := <-answer:
		return n
	case <-time.After(patience):
		return -1
	}
}

// insist closes the channel when it has the answer.
func (o *oracle) insist(text string) int {
	answer := make(chan int, 1)
	defer close(answer)
	o.questions <- question{text: text, answer: answer}
	return <-answer
}
