package quiet

import "time"

// hook is told what a feed brings.
type hook struct{ notify func(string) }

type feedOptions struct{ dial func() *hook }

type feed struct{ options *feedOptions }

// newFeed starts to dial at once, one constructor further down.
func newFeed(options *feedOptions) *feed { return openFeed(options) }

func openFeed(options *feedOptions) *feed {
	f := &feed{options: options}
	go f.run()
	return f
}

func (f *feed) run() {
	h := f.options.dial()
	time.Sleep(time.Millisecond)
	h.tell("ready")
}

func (h *hook) tell(text string) {
	if h.notify != nil {
		h.notify(text)
	}
}

func dialer(h *hook) func() *hook {
	return func() *hook { return h }
}

// watch gives the hook its function first.
func watch(heard chan<- string) *feed {
	h := &hook{}
	options := &feedOptions{}
	h.notify = func(text string) { heard <- text }
	options.dial = dialer(h)
	f := newFeed(options)
	return f
}
