// Package ast holds the few statements the session understands.
package ast

// StmtNode is a parsed statement.
type StmtNode interface {
	stmtNode()
}

// UpdateStmt updates every row of a table, and of the tables that refer to it.
type UpdateStmt struct {
	Table    string
	Cascades []string
}

// SetStmt sets the memory quota of the following statements.
type SetStmt struct {
	MemQuotaQuery int64
}

func (*UpdateStmt) stmtNode() {}
func (*SetStmt) stmtNode()    {}
