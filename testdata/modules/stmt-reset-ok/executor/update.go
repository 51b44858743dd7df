package executor

import (
	"context"

	"example.com/stmt-reset-ok/util/chunk"
)

// UpdateExec changes every row of its child.
type UpdateExec struct {
	baseExecutor

	drained    bool
	fkCascades []*FKCascadeExec
}

// GetFKCascades implements WithForeignKeyTrigger.
func (e *UpdateExec) GetFKCascades() []*FKCascadeExec {
	return e.fkCascades
}

// Next changes all rows and returns none.
func (e *UpdateExec) Next(ctx context.Context, _ *chunk.Chunk) error {
	if e.drained {
		return nil
	}
	rows, err := e.updateRows(ctx)
	if err != nil {
		return err
	}
	e.drained = true
	e.ctx.GetSessionVars().StmtCtx.AddAffectedRows(rows)
	return nil
}

func (e *UpdateExec) updateRows(ctx context.Context) (uint64, error) {
	var changed uint64
	chk := newFirstChunk(e.children[0])
	for {
		if err := Next(ctx, e.children[0], chk); err != nil {
			return 0, err
		}
		if len(chk.Rows()) == 0 {
			return changed, nil
		}
		changed += uint64(len(chk.Rows()))
	}
}
