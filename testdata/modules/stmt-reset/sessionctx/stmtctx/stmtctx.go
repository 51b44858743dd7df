// Package stmtctx is the state that lives as long as one statement.
package stmtctx

import (
	"sync"
	"time"

	"example.com/stmt-reset/util/memory"
)

// StatementContext is the state of one statement. The next statement gets a new one.
type StatementContext struct {
	MemTracker *memory.Tracker

	mu struct {
		sync.Mutex
		affectedRows uint64
		copRespTime  map[string]time.Duration
	}
}

// AddAffectedRows counts rows a statement has changed.
func (sc *StatementContext) AddAffectedRows(rows uint64) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	sc.mu.affectedRows += rows
}

// AffectedRows returns how many rows the statement has changed.
func (sc *StatementContext) AffectedRows() uint64 {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return sc.mu.affectedRows
}

// MergeCopRespTime adds the time a reader has waited for the storage.
func (sc *StatementContext) MergeCopRespTime(label string, d time.Duration) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.mu.copRespTime == nil {
		sc.mu.copRespTime = make(map[string]time.Duration)
	}
	sc.mu.copRespTime[label] += d
}
