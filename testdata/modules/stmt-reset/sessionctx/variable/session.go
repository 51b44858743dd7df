// Package variable is the state that lives as long as a session.
package variable

import "example.com/stmt-reset/sessionctx/stmtctx"

// SessionVars is the state of a session.
type SessionVars struct {
	ConnectionID  uint64
	MemQuotaQuery int64
	MaxChunkSize  int

	// StmtCtx is the state of the statement being executed.
	StmtCtx *stmtctx.StatementContext
}

// NewSessionVars returns the defaults.
func NewSessionVars() *SessionVars {
	return &SessionVars{MaxChunkSize: 4, StmtCtx: &stmtctx.StatementContext{}}
}
