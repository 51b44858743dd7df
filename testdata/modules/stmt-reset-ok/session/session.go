// Package session is a connection's view of the database.
package session

import (
	"context"

	"example.com/stmt-reset-ok/ast"
	"example.com/stmt-reset-ok/executor"
	"example.com/stmt-reset-ok/kv"
	"example.com/stmt-reset-ok/sessionctx"
	"example.com/stmt-reset-ok/sessionctx/variable"
)

// Session executes statements, one after the other.
type Session interface {
	sessionctx.Context
	ExecuteStmt(ctx context.Context, node ast.StmtNode) error
}

type session struct {
	store       kv.Storage
	sessionVars *variable.SessionVars
}

var _ Session = (*session)(nil)

// CreateSession opens a session on a store.
func CreateSession(store kv.Storage, connID uint64) Session {
	s := &session{store: store, sessionVars: variable.NewSessionVars()}
	s.sessionVars.ConnectionID = connID
	return s
}

// GetSessionVars implements sessionctx.Context.
func (s *session) GetSessionVars() *variable.SessionVars {
	return s.sessionVars
}

// GetStore implements sessionctx.Context.
func (s *session) GetStore() kv.Storage {
	return s.store
}

// ExecuteStmt executes one statement in a context of its own.
func (s *session) ExecuteStmt(ctx context.Context, node ast.StmtNode) error {
	if err := executor.ResetContextOfStmt(s, node); err != nil {
		return err
	}
	stmt, err := executor.Compile(s, node)
	if err != nil {
		return err
	}
	return runStmt(ctx, stmt)
}

func runStmt(ctx context.Context, stmt *executor.ExecStmt) error {
	return stmt.Exec(ctx)
}
