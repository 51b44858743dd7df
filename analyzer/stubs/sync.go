package sync

type Locker interface {
	Lock()
	Unlock()
}

type Cond struct {
	L Locker
}

func NewCond(l Locker) *Cond

func (c *Cond) Wait()

func (c *Cond) Signal()

func (c *Cond) Broadcast()
