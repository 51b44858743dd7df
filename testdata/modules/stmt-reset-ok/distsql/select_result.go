// Package distsql reads from the storage for executors.
package distsql

import (
	"context"
	"time"

	"example.com/stmt-reset-ok/kv"
	"example.com/stmt-reset-ok/sessionctx"
)

// SelectResult is a stream of handles.
type SelectResult interface {
	// NextRaw returns nil after the last handle.
	NextRaw(ctx context.Context) ([]int64, error)
	Close() error
}

type selectResult struct {
	label    string
	ctx      sessionctx.Context
	resp     kv.Response
	waitTime time.Duration
}

// Select sends a request to the storage of the session.
func Select(ctx context.Context, sctx sessionctx.Context, label string, req *kv.Request) (SelectResult, error) {
	resp, err := sctx.GetStore().GetClient().Send(ctx, req)
	if err != nil {
		return nil, err
	}
	return &selectResult{label: label, ctx: sctx, resp: resp}, nil
}

func (r *selectResult) NextRaw(ctx context.Context) ([]int64, error) {
	start := time.Now()
	defer func() { r.waitTime += time.Since(start) }()
	return r.resp.Next(ctx)
}

// Close tells the statement how long the storage took.
func (r *selectResult) Close() error {
	if r.waitTime > 0 {
		r.ctx.GetSessionVars().StmtCtx.MergeCopRespTime(r.label, r.waitTime)
	}
	return r.resp.Close()
}
