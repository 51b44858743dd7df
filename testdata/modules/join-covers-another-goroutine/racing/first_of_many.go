package racing

import "time"

type replica struct {
	lag  time.Duration
	busy bool
}

// asker asks all replicas and joins the fastest only.
type asker struct {
	question string
	replicas []replica
}

func (a *asker) ask() string {
	answers := make(chan string, len(a.replicas))
	for _, r := range a.replicas {
		go func() {
			time.Sleep(r.lag)
			if r.busy {
				answers <- "busy"
				return
			}
			answers <- "re: " + a.question
		}()
	}
	return <-answers
}

func (a *asker) askAll(questions []string) (answers []string) {
	for _, q := range questions {
		a.question = q // want "join-covers-another-goroutine: asker.question"
		answers = append(answers, a.ask())
	}
	return answers
}
