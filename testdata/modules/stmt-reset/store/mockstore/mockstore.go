// Package mockstore is a storage in memory whose regions can be slow.
package mockstore

import (
	"context"
	"fmt"
	"time"

	"example.com/stmt-reset/kv"
)

// Table is the data of one table. It must not change once the store is in use.
type Table struct {
	Regions [][]int64
	// Latency is the time every region but the first takes to answer.
	Latency time.Duration
}

// Store implements kv.Storage and kv.Client.
type Store struct {
	tables map[string]*Table
}

// New returns a store with the given tables.
func New(tables map[string]*Table) *Store {
	return &Store{tables: tables}
}

// GetClient implements kv.Storage.
func (s *Store) GetClient() kv.Client {
	return s
}

// Send implements kv.Client.
func (s *Store) Send(_ context.Context, req *kv.Request) (kv.Response, error) {
	t, ok := s.tables[req.Table]
	if !ok {
		return nil, fmt.Errorf("table %q does not exist", req.Table)
	}
	return &copResponse{table: t}, nil
}

type copResponse struct {
	table *Table
	next  int
}

func (r *copResponse) Next(context.Context) ([]int64, error) {
	if r.next == len(r.table.Regions) {
		return nil, nil
	}
	if r.next > 0 {
		time.Sleep(r.table.Latency)
	}
	r.next++
	return r.table.Regions[r.next-1], nil
}

func (r *copResponse) Close() error {
	return nil
}
