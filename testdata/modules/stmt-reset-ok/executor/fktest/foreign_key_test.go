package fktest

import (
	"errors"
	"testing"
	"time"

	"example.com/stmt-reset-ok/ast"
	"example.com/stmt-reset-ok/store/mockstore"
	"example.com/stmt-reset-ok/testkit"
	"example.com/stmt-reset-ok/util/memory"
)

// newStore returns a store whose child table needs three slow answers; the first
// of them is more than the quota below allows.
func newStore() *mockstore.Store {
	return mockstore.New(map[string]*mockstore.Table{
		"parent": {Regions: [][]int64{{1, 2}}},
		"child":  {Regions: [][]int64{{1, 2, 3, 4}, {5, 6}, {7}}, Latency: 30 * time.Millisecond},
	})
}

func TestCascadeOverMemoryQuota(t *testing.T) {
	tk := testkit.New(t, newStore())
	tk.MustExec(&ast.UpdateStmt{Table: "parent", Cascades: []string{"child"}})
	if got := tk.AffectedRows(); got != 9 {
		t.Fatalf("got %d affected rows, want 9", got)
	}

	tk.MustExec(&ast.SetStmt{MemQuotaQuery: 300})
	if err := tk.ExecToErr(&ast.UpdateStmt{Table: "child"}); !errors.Is(err, memory.ErrQuotaExceeded) {
		t.Fatal(err)
	}
	if err := tk.ExecToErr(&ast.UpdateStmt{Table: "parent", Cascades: []string{"child"}}); !errors.Is(err, memory.ErrQuotaExceeded) {
		t.Fatal(err)
	}

	tk.MustExec(&ast.SetStmt{MemQuotaQuery: 0})
	for range 2 {
		tk.MustExec(&ast.UpdateStmt{Table: "child"})
	}
}
