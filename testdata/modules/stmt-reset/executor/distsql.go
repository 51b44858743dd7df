package executor

import (
	"context"
	"log"
	"sync"

	"example.com/stmt-reset/distsql"
	"example.com/stmt-reset/kv"
	"example.com/stmt-reset/util/chunk"
	"example.com/stmt-reset/util/memory"
)

const (
	lookupTaskChanSize = 8
	bytesPerRow        = 100
)

type lookupTableTask struct {
	handles []int64
	rows    []int64
	cursor  int
	// doneCh is closed by the table worker when rows are ready.
	doneCh chan struct{}
}

// IndexLookUpExecutor reads handles from an index in one goroutine and the rows
// they stand for in another.
type IndexLookUpExecutor struct {
	baseExecutor

	table      string
	memTracker *memory.Tracker

	workerStarted bool
	idxWorkerWg   sync.WaitGroup
	tblWorkerWg   sync.WaitGroup
	finished      chan struct{}
	resultCh      chan *lookupTableTask
	resultCurr    *lookupTableTask
}

// Open prepares the executor. The workers start with the first Next.
func (e *IndexLookUpExecutor) Open(context.Context) error {
	e.memTracker = memory.NewTracker("index lookup", 0, e.ctx.GetSessionVars().StmtCtx.MemTracker, nil)
	e.finished = make(chan struct{})
	e.resultCh = make(chan *lookupTableTask, lookupTaskChanSize)
	return nil
}

func (e *IndexLookUpExecutor) startWorkers(ctx context.Context) error {
	workCh := make(chan *lookupTableTask, 1)
	if err := e.startIndexWorker(ctx, workCh); err != nil {
		return err
	}
	e.startTableWorker(workCh)
	e.workerStarted = true
	return nil
}

func (e *IndexLookUpExecutor) startIndexWorker(ctx context.Context, workCh chan<- *lookupTableTask) error {
	result, err := distsql.Select(ctx, e.ctx, "index", &kv.Request{Table: e.table})
	if err != nil {
		return err
	}
	worker := &indexWorker{finished: e.finished, resultCh: e.resultCh, workCh: workCh}
	e.idxWorkerWg.Add(1)
	go func() {
		worker.fetchHandles(ctx, result)
		if err := result.Close(); err != nil {
			log.Print("close of the index reader: ", err)
		}
		close(worker.workCh)
		close(worker.resultCh)
		e.idxWorkerWg.Done()
	}()
	return nil
}

func (e *IndexLookUpExecutor) startTableWorker(workCh <-chan *lookupTableTask) {
	worker := &tableWorker{finished: e.finished, workCh: workCh}
	e.tblWorkerWg.Add(1)
	go func() {
		defer e.tblWorkerWg.Done()
		worker.pickAndExecTask()
	}()
}

// Next returns the next rows.
func (e *IndexLookUpExecutor) Next(ctx context.Context, req *chunk.Chunk) error {
	if !e.workerStarted {
		if err := e.startWorkers(ctx); err != nil {
			return err
		}
	}
	for !req.IsFull() {
		task := e.getResultTask()
		if task == nil {
			return nil
		}
		req.AppendRow(task.rows[task.cursor])
		task.cursor++
	}
	return nil
}

// getResultTask returns a task with rows left, or nil after the last one. It
// panics when the rows of the task do not fit into the memory quota.
func (e *IndexLookUpExecutor) getResultTask() *lookupTableTask {
	if e.resultCurr != nil && e.resultCurr.cursor < len(e.resultCurr.rows) {
		return e.resultCurr
	}
	task, ok := <-e.resultCh
	if !ok {
		return nil
	}
	<-task.doneCh
	e.memTracker.Consume(int64(len(task.rows)) * bytesPerRow)
	e.resultCurr = task
	return task
}

// Close stops the workers and waits for them.
func (e *IndexLookUpExecutor) Close() error {
	if !e.workerStarted || e.finished == nil {
		return nil
	}
	close(e.finished)
	for range e.resultCh {
	}
	e.idxWorkerWg.Wait()
	e.tblWorkerWg.Wait()
	e.finished = nil
	e.workerStarted = false
	e.resultCurr = nil
	return e.baseExecutor.Close()
}

type indexWorker struct {
	finished <-chan struct{}
	resultCh chan<- *lookupTableTask
	workCh   chan<- *lookupTableTask
}

func (w *indexWorker) fetchHandles(ctx context.Context, result distsql.SelectResult) {
	for {
		handles, err := result.NextRaw(ctx)
		if err != nil || len(handles) == 0 {
			return
		}
		task := &lookupTableTask{handles: handles, doneCh: make(chan struct{})}
		select {
		case <-ctx.Done():
			return
		case <-w.finished:
			return
		case w.workCh <- task:
			w.resultCh <- task
		}
	}
}

type tableWorker struct {
	finished <-chan struct{}
	workCh   <-chan *lookupTableTask
}

func (w *tableWorker) pickAndExecTask() {
	for {
		select {
		case <-w.finished:
			return
		case task, ok := <-w.workCh:
			if !ok {
				return
			}
			task.rows = append(task.rows, task.handles...)
			close(task.doneCh)
		}
	}
}
