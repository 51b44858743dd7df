// Package testkit executes statements in tests.
package testkit

import (
	"context"
	"testing"

	"example.com/stmt-reset-ok/ast"
	"example.com/stmt-reset-ok/kv"
	"example.com/stmt-reset-ok/session"
)

// TestKit is a session of a test.
type TestKit struct {
	t       *testing.T
	session session.Session
}

// New opens a session for a test.
func New(t *testing.T, store kv.Storage) *TestKit {
	return &TestKit{t: t, session: session.CreateSession(store, 1)}
}

// MustExec executes a statement that must not fail.
func (tk *TestKit) MustExec(node ast.StmtNode) {
	if err := tk.ExecWithContext(context.Background(), node); err != nil {
		tk.t.Fatal(err)
	}
}

// ExecToErr executes a statement that must fail and returns its error.
func (tk *TestKit) ExecToErr(node ast.StmtNode) error {
	err := tk.ExecWithContext(context.Background(), node)
	if err == nil {
		tk.t.Fatal("the statement should have failed")
	}
	return err
}

// ExecWithContext executes a statement.
func (tk *TestKit) ExecWithContext(ctx context.Context, node ast.StmtNode) error {
	return tk.session.ExecuteStmt(ctx, node)
}

// AffectedRows returns how many rows the last statement has changed.
func (tk *TestKit) AffectedRows() uint64 {
	return tk.session.GetSessionVars().StmtCtx.AffectedRows()
}
