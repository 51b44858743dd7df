package quiet

// daemon answers requests, each in a goroutine that its loop starts.
type daemon struct {
	requests chan string
	secret   string
	answers  chan int
}

func startDaemon(secret string) *daemon {
	d := &daemon{requests: make(chan string, 1), answers: make(chan int, 1)}
	d.secret = secret
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

func configured() int {
	d := startDaemon("sesame")
	d.requests <- "early"
	return <-d.answers
}
