package executor

import (
	"context"
	"fmt"

	"example.com/stmt-reset-ok/ast"
	"example.com/stmt-reset-ok/sessionctx"
	"example.com/stmt-reset-ok/util/chunk"
)

type executorBuilder struct {
	ctx sessionctx.Context
}

func (b *executorBuilder) build(node ast.StmtNode) (Executor, error) {
	switch x := node.(type) {
	case *ast.UpdateStmt:
		return b.buildUpdate(x), nil
	case *ast.SetStmt:
		return &SetExec{baseExecutor: newBaseExecutor(b.ctx), quota: x.MemQuotaQuery}, nil
	default:
		return nil, fmt.Errorf("no executor for %T", node)
	}
}

func (b *executorBuilder) buildUpdate(x *ast.UpdateStmt) Executor {
	e := &UpdateExec{baseExecutor: newBaseExecutor(b.ctx, b.buildUnionScan(x.Table))}
	if len(x.Cascades) > 0 {
		e.fkCascades = append(e.fkCascades, &FKCascadeExec{b: b, tables: x.Cascades})
	}
	return e
}

func (b *executorBuilder) buildUnionScan(table string) Executor {
	reader := &IndexLookUpExecutor{baseExecutor: newBaseExecutor(b.ctx), table: table}
	return &UnionScanExec{baseExecutor: newBaseExecutor(b.ctx, reader)}
}

// FKCascadeExec changes the tables that refer to a changed table.
type FKCascadeExec struct {
	b      *executorBuilder
	tables []string
}

// buildExecutor returns the executor for the next referring table, or nil.
func (fkc *FKCascadeExec) buildExecutor() (Executor, error) {
	if len(fkc.tables) == 0 {
		return nil, nil
	}
	stmt := &ast.UpdateStmt{Table: fkc.tables[0]}
	fkc.tables = fkc.tables[1:]
	return fkc.b.build(stmt)
}

// SetExec sets the memory quota.
type SetExec struct {
	baseExecutor

	quota int64
}

// Next sets the quota and returns no rows.
func (e *SetExec) Next(context.Context, *chunk.Chunk) error {
	e.ctx.GetSessionVars().MemQuotaQuery = e.quota
	return nil
}
