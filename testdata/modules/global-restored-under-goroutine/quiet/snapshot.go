package quiet

import "time"

var hook = func(string) {}

// notifier takes the hook when it is made; the variable may change afterwards.
type notifier struct {
	hook func(string)
}

func newNotifier() *notifier {
	return &notifier{hook: hook}
}

func (n *notifier) start() {
	go func() {
		for range 5 {
			time.Sleep(time.Millisecond)
			n.hook("tick")
		}
	}()
}
