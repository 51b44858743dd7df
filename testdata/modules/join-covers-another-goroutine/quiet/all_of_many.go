package quiet

import "time"

type replica struct {
	lag  time.Duration
	busy bool
}

// asker asks all replicas and receives from each.
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
	first := <-answers
	for range len(a.replicas) - 1 {
		<-answers
	}
	return first
}

func (a *asker) askAll(questions []string) (answers []string) {
	for _, q := range questions {
		a.question = q
		answers = append(answers, a.ask())
	}
	return answers
}
