package racing

import (
	"net/http"
	"time"
)

// visit is of a page that may take long.
type visit struct {
	request *http.Request
	seen    []string
}

// end does not wait longer than that, and gives the request up.
func (v *visit) end(patience time.Duration) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range 20 {
			v.seen = append(v.seen, v.request.Method)
			time.Sleep(time.Millisecond)
		}
	}()
	select {
	case <-over:
	case <-time.After(patience):
	}
	v.request = &http.Request{} // want "join-skipped-on-path: visit.request"
}
