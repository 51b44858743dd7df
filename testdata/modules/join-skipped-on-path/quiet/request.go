package quiet

import (
	"net/http"
	"time"
)

// visit is of a page that may take long.
type visit struct {
	request *http.Request
	seen    []string
}

// end waits however long that takes, and says when it was late.
func (v *visit) end(patience time.Duration) bool {
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range 20 {
			v.seen = append(v.seen, v.request.Method)
			time.Sleep(time.Millisecond)
		}
	}()
	late := false
	select {
	case <-over:
	case <-time.After(patience):
		late = true
		<-over
	}
	v.request = &http.Request{}
	return late
}
