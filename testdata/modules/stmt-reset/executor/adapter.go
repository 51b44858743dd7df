package executor

import (
	"context"

	"example.com/stmt-reset/ast"
	"example.com/stmt-reset/sessionctx"
)

// ExecStmt is a statement that can be executed.
type ExecStmt struct {
	Ctx      sessionctx.Context
	StmtNode ast.StmtNode
}

// Compile makes a statement executable.
func Compile(ctx sessionctx.Context, node ast.StmtNode) (*ExecStmt, error) {
	return &ExecStmt{Ctx: ctx, StmtNode: node}, nil
}

// Exec executes the statement.
func (a *ExecStmt) Exec(ctx context.Context) error {
	b := &executorBuilder{ctx: a.Ctx}
	e, err := b.build(a.StmtNode)
	if err != nil {
		return err
	}
	return a.handleNoDelay(ctx, e)
}

func (a *ExecStmt) handleNoDelay(ctx context.Context, e Executor) error {
	defer func() {
		// A second Close of the workers is harmless, and the tree may have failed half open.
		_ = e.Close()
	}()
	if err := e.Open(ctx); err != nil {
		return err
	}
	return a.handleNoDelayExecutor(ctx, e)
}

func (a *ExecStmt) handleNoDelayExecutor(ctx context.Context, e Executor) error {
	if err := Next(ctx, e, newFirstChunk(e)); err != nil {
		return err
	}
	return a.handleStmtForeignKeyTrigger(ctx, e)
}

func (a *ExecStmt) handleStmtForeignKeyTrigger(ctx context.Context, e Executor) error {
	exec, ok := e.(WithForeignKeyTrigger)
	if !ok {
		return nil
	}
	return a.handleForeignKeyTrigger(ctx, exec)
}

func (a *ExecStmt) handleForeignKeyTrigger(ctx context.Context, e WithForeignKeyTrigger) error {
	for _, fkc := range e.GetFKCascades() {
		if err := a.handleForeignKeyCascade(ctx, fkc); err != nil {
			return err
		}
	}
	return nil
}

func (a *ExecStmt) handleForeignKeyCascade(ctx context.Context, fkc *FKCascadeExec) error {
	for {
		e, err := fkc.buildExecutor()
		if err != nil || e == nil {
			return err
		}
		if err := e.Open(ctx); err != nil {
			return err
		}
		if err := Next(ctx, e, newFirstChunk(e)); err != nil {
			return err // want "goroutine-outlives-reset: SessionVars.StmtCtx"
		}
		if err := e.Close(); err != nil {
			return err
		}
	}
}
