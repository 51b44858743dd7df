package executor

import (
	"context"

	"example.com/stmt-reset/util/chunk"
)

// UnionScanExec merges the rows of the snapshot with those the transaction has added.
type UnionScanExec struct {
	baseExecutor

	addedRows       []int64
	cursor4Added    int
	snapshotRows    *chunk.Chunk
	cursor4Snapshot int
}

// Open opens the snapshot reader.
func (us *UnionScanExec) Open(ctx context.Context) error {
	if err := us.baseExecutor.Open(ctx); err != nil {
		return err
	}
	us.snapshotRows = newFirstChunk(us)
	us.cursor4Added, us.cursor4Snapshot = 0, 0
	return nil
}

// Next returns the merged rows.
func (us *UnionScanExec) Next(ctx context.Context, req *chunk.Chunk) error {
	for !req.IsFull() {
		row, ok, err := us.getOneRow(ctx)
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		req.AppendRow(row)
	}
	return nil
}

func (us *UnionScanExec) getOneRow(ctx context.Context) (int64, bool, error) {
	snapshotRow, ok, err := us.getSnapshotRow(ctx)
	if err != nil {
		return 0, false, err
	}
	if us.cursor4Added < len(us.addedRows) {
		if added := us.addedRows[us.cursor4Added]; !ok || added < snapshotRow {
			us.cursor4Added++
			return added, true, nil
		}
	}
	us.cursor4Snapshot++
	return snapshotRow, ok, nil
}

func (us *UnionScanExec) getSnapshotRow(ctx context.Context) (int64, bool, error) {
	if us.cursor4Snapshot >= len(us.snapshotRows.Rows()) {
		if err := Next(ctx, us.children[0], us.snapshotRows); err != nil {
			return 0, false, err
		}
		us.cursor4Snapshot = 0
	}
	if len(us.snapshotRows.Rows()) == 0 {
		return 0, false, nil
	}
	return us.snapshotRows.Rows()[us.cursor4Snapshot], true, nil
}
