package racing

import "time"

// folder forgets its entries after a while. Its callback uses the timer itself,
// which may not be there yet.
type folder struct {
	forget *time.Timer
}

func newFolder(after time.Duration) *folder {
	f := &folder{}
	f.forget = time.AfterFunc(after, f.clean) // want "timer-callback-outlives: folder.forget"
	return f
}

func (f *folder) clean() {
	if f.forget != nil {
		f.forget.Stop()
	}
}
