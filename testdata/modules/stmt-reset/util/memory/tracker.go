// Package memory counts the memory a statement uses.
package memory

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// ErrQuotaExceeded is the error a statement over its quota ends with.
var ErrQuotaExceeded = errors.New("memory quota exceeded")

// ActionOnExceed is what happens when a tracker passes its limit.
type ActionOnExceed interface {
	Action(t *Tracker)
}

// PanicOnExceed cancels the statement by a panic.
type PanicOnExceed struct {
	ConnID uint64
}

// Action implements ActionOnExceed.
func (a *PanicOnExceed) Action(t *Tracker) {
	panic(fmt.Errorf("%w: %s of conn %d uses %d bytes", ErrQuotaExceeded, t.label, a.ConnID, t.BytesConsumed()))
}

// Tracker counts bytes, for itself and for its parent.
type Tracker struct {
	label    string
	limit    int64
	parent   *Tracker
	onExceed ActionOnExceed
	consumed atomic.Int64
}

// NewTracker returns a tracker; a limit of 0 is no limit.
func NewTracker(label string, limit int64, parent *Tracker, onExceed ActionOnExceed) *Tracker {
	return &Tracker{label: label, limit: limit, parent: parent, onExceed: onExceed}
}

// Consume adds bytes to the tracker and its ancestors. It may panic.
func (t *Tracker) Consume(bytes int64) {
	for tr := t; tr != nil; tr = tr.parent {
		if tr.consumed.Add(bytes) > tr.limit && tr.limit > 0 {
			tr.onExceed.Action(tr)
		}
	}
}

// BytesConsumed returns what was consumed so far.
func (t *Tracker) BytesConsumed() int64 {
	return t.consumed.Load()
}
