package time

type Timer struct {
	C <-chan Time
}

func NewTimer(d Duration) *Timer

func AfterFunc(d Duration, f func()) *Timer

func (t *Timer) Stop() bool

func (t *Timer) Reset(d Duration) bool

type Ticker struct {
	C <-chan Time
}

func NewTicker(d Duration) *Ticker

func (t *Ticker) Stop()

func (t *Ticker) Reset(d Duration)

func After(d Duration) <-chan Time

func Tick(d Duration) <-chan Time
