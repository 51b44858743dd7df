package racing

import "time"

// daemon answers requests, each in a goroutine that its loop starts.
type daemon struct {
	requests chan string
	secret   string
	answers  chan int
}

func startDaemon() *daemon {
	d := &daemon{requests: make(chan string, 1), answers: make(chan int, 1)}
	go d.listen()
	return d
}

func (d *daemon) listen() {
	for request := range d.requests {
		go d.answer(request)
	}
}

func (d *daemon) answer(request string) {
	d.answers <- len(request) + len(d.secret)
}

// configured sets the secret of a daemon that answers already.
func configured() int {
	d := startDaemon()
	d.requests <- "early"
	time.Sleep(time.Millisecond)
	d.secret = "sesame" // want "published-after-spawn: daemon.secret"
	return <-d.answers
}
