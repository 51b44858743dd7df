package driver

import (
	"context"
	sql "database/sql/driver"
)

type Driver interface {
	Open(name string) (Conn, error)
}

type DriverContext interface {
	OpenConnector(name string) (Connector, error)
}

type Connector interface {
	Connect(context.Context) (Conn, error)
	Driver() Driver
}

type Conn interface {
	Prepare(query string) (Stmt, error)
	Close() error
	Begin() (Tx, error)
}

type ConnBeginTx interface {
	BeginTx(ctx context.Context, opts sql.TxOptions) (Tx, error)
}

type ConnPrepareContext interface {
	PrepareContext(ctx context.Context, query string) (Stmt, error)
}

type ExecerContext interface {
	ExecContext(ctx context.Context, query string, args []sql.NamedValue) (Result, error)
}

type QueryerContext interface {
	QueryContext(ctx context.Context, query string, args []sql.NamedValue) (Rows, error)
}

type Pinger interface{ Ping(ctx context.Context) error }

type SessionResetter interface{ ResetSession(ctx context.Context) error }

type Validator interface{ IsValid() bool }

type Stmt interface {
	Close() error
	NumInput() int
	Exec(args []sql.Value) (Result, error)
	Query(args []sql.Value) (Rows, error)
}

type StmtExecContext interface {
	ExecContext(ctx context.Context, args []sql.NamedValue) (Result, error)
}

type StmtQueryContext interface {
	QueryContext(ctx context.Context, args []sql.NamedValue) (Rows, error)
}

type Rows interface {
	Columns() []string
	Close() error
	Next(dest []sql.Value) error
}

type RowsNextResultSet interface {
	Rows
	HasNextResultSet() bool
	NextResultSet() error
}

type Result interface {
	LastInsertId() (int64, error)
	RowsAffected() (int64, error)
}

type Tx interface {
	Commit() error
	Rollback() error
}
