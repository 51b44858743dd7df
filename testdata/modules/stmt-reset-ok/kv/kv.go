// Package kv is what the executors know about a storage.
package kv

import "context"

// Request asks for the handles of one index or the rows of one table.
type Request struct {
	Table string
}

// Response is a stream of regions; Next returns nil after the last one.
type Response interface {
	Next(ctx context.Context) ([]int64, error)
	Close() error
}

// Client sends requests to a storage.
type Client interface {
	Send(ctx context.Context, req *Request) (Response, error)
}

// Storage is a store that sessions are opened on.
type Storage interface {
	GetClient() Client
}
