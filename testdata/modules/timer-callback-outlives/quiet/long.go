package quiet

import "time"

// folder forgets its entries after a while. Its callback uses the timer itself,
// which is there long before it runs, and is set to the right time only then.
type folder struct {
	forget *time.Timer
}

func newFolder(after time.Duration) *folder {
	f := &folder{}
	f.forget = time.AfterFunc(time.Hour, f.clean)
	f.forget.Reset(after)
	return f
}

func (f *folder) clean() {
	f.forget.Stop()
}
