// Package executor runs statements as trees of iterators.
package executor

import (
	"context"
	"fmt"

	"example.com/stmt-reset/ast"
	"example.com/stmt-reset/sessionctx"
	"example.com/stmt-reset/sessionctx/stmtctx"
	"example.com/stmt-reset/util/chunk"
	"example.com/stmt-reset/util/memory"
)

// Executor is an iterator over chunks; an empty chunk is the end. Whoever
// calls Open must call Close.
type Executor interface {
	base() *baseExecutor
	Open(ctx context.Context) error
	Next(ctx context.Context, req *chunk.Chunk) error
	Close() error
}

// WithForeignKeyTrigger is an executor after which other tables must be changed.
type WithForeignKeyTrigger interface {
	Executor
	GetFKCascades() []*FKCascadeExec
}

type baseExecutor struct {
	ctx      sessionctx.Context
	children []Executor
}

func newBaseExecutor(ctx sessionctx.Context, children ...Executor) baseExecutor {
	return baseExecutor{ctx: ctx, children: children}
}

func (e *baseExecutor) base() *baseExecutor {
	return e
}

// Open opens the children.
func (e *baseExecutor) Open(ctx context.Context) error {
	for _, child := range e.children {
		if err := child.Open(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Next of an executor that has no rows.
func (e *baseExecutor) Next(context.Context, *chunk.Chunk) error {
	return nil
}

// Close closes every child and returns the first error.
func (e *baseExecutor) Close() error {
	var firstErr error
	for _, child := range e.children {
		if err := child.Close(); err != nil && firstErr == nil {
			firstErr = err
		}
	}
	return firstErr
}

func newFirstChunk(e Executor) *chunk.Chunk {
	return chunk.New(e.base().ctx.GetSessionVars().MaxChunkSize)
}

// Next calls e.Next and turns a panic of it into an error.
func Next(ctx context.Context, e Executor, req *chunk.Chunk) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = recoveredError(r)
		}
	}()
	req.Reset()
	return e.Next(ctx, req)
}

func recoveredError(r any) error {
	if err, ok := r.(error); ok {
		return err
	}
	return fmt.Errorf("%v", r)
}

// ResetContextOfStmt gives the session the context of a new statement.
func ResetContextOfStmt(ctx sessionctx.Context, s ast.StmtNode) error {
	vars := ctx.GetSessionVars()
	sc := &stmtctx.StatementContext{}
	quota := vars.MemQuotaQuery
	switch s.(type) {
	case *ast.UpdateStmt:
	case *ast.SetStmt:
		quota = 0
	default:
		return fmt.Errorf("cannot execute %T", s)
	}
	sc.MemTracker = memory.NewTracker("query", quota, nil, &memory.PanicOnExceed{ConnID: vars.ConnectionID})
	vars.StmtCtx = sc
	return nil
}
