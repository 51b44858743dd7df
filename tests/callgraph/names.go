package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
)

// names gives every function literal, range-over-func body and init function
// the symbol the Go compiler gives it.
//
// The names of go/ssa (`F$1$2`, `init#1`) are not translated: its numbers
// follow the order in which bodies are built, and it counts range-over-func
// bodies together with literals. The compiler numbers literals in source order
// within the outermost function, and does not count those in code it can see
// is dead. Initialisers of package variables are visited in initialisation
// order, as one function `init`.
type names struct {
	bySyntax map[ast.Node]string
}

func newNames() names {
	return names{bySyntax: make(map[ast.Node]string)}
}

// addPackage names the functions of one package.
func (n names) addPackage(pkg *packages.Package) {
	prefix := symbolPrefix(pkg.Types)
	inits := 0
	for _, file := range pkg.Syntax {
		for _, decl := range file.Decls {
			decl, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			fn, ok := pkg.TypesInfo.Defs[decl.Name].(*types.Func)
			if !ok {
				continue
			}
			symbol := declaredSymbol(fn)
			if decl.Recv == nil && decl.Name.Name == "init" {
				symbol = fmt.Sprintf("%s.init.%d", prefix, inits)
				inits++
			}
			n.bySyntax[decl] = symbol
			if decl.Body != nil {
				n.walk(pkg.TypesInfo, &outer{symbol: symbol}, decl.Body)
			}
		}
	}
	initialiser := &outer{symbol: prefix + ".init"}
	for _, init := range pkg.TypesInfo.InitOrder {
		n.walk(pkg.TypesInfo, initialiser, init.Rhs)
	}
}

// outer is a function whose literals are being numbered.
type outer struct {
	symbol   string
	closure  bool // numbers follow a dot alone: F.func1.2
	literals int
	ranges   int
}

func (o *outer) literal() string {
	o.literals++
	if o.closure {
		return fmt.Sprintf("%s.%d", o.symbol, o.literals)
	}
	return fmt.Sprintf("%s.func%d", o.symbol, o.literals)
}

func (o *outer) rangeBody() string {
	o.ranges++
	return fmt.Sprintf("%s-range%d", o.symbol, o.ranges)
}

// walk names what stands in root. go/ast visits children in the order in which
// the compiler does, so only dead code needs care.
func (n names) walk(info *types.Info, o *outer, root ast.Node) {
	ast.Inspect(root, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			symbol := o.literal()
			n.bySyntax[node] = symbol
			n.walk(info, &outer{symbol: symbol, closure: true}, node.Body)
			return false

		case *ast.RangeStmt:
			if _, ok := coreType(info.TypeOf(node.X)).(*types.Signature); ok {
				n.walk(info, o, node.X)
				// Literals of the body are numbered with those of the
				// function the loop stands in, whose symbol they carry.
				n.bySyntax[node] = o.rangeBody()
				n.walk(info, o, node.Body)
				return false
			}

		case *ast.BlockStmt:
			n.statements(info, o, node.List)
			return false
		case *ast.CaseClause:
			for _, expr := range node.List {
				n.walk(info, o, expr)
			}
			n.statements(info, o, node.Body)
			return false
		case *ast.CommClause:
			if node.Comm != nil {
				n.walk(info, o, node.Comm)
			}
			n.statements(info, o, node.Body)
			return false

		case *ast.IfStmt:
			known, value := staticBool(info, node.Cond)
			if !known {
				return true
			}
			if node.Init != nil {
				n.walk(info, o, node.Init)
			}
			n.walk(info, o, node.Cond)
			if value {
				n.walk(info, o, node.Body)
			} else if node.Else != nil {
				n.walk(info, o, node.Else)
			}
			return false
		}
		return true
	})
}

// statements leaves out what follows a terminating statement, up to the last
// label, as the compiler does.
func (n names) statements(info *types.Info, o *outer, list []ast.Stmt) {
	lastLabel := -1
	for i, stmt := range list {
		if _, ok := stmt.(*ast.LabeledStmt); ok {
			lastLabel = i
		}
	}
	dead := false
	for i, stmt := range list {
		if dead && i > lastLabel {
			continue
		}
		n.walk(info, o, stmt)
		dead = terminates(info, stmt)
	}
}

func terminates(info *types.Info, stmt ast.Stmt) bool {
	switch stmt := stmt.(type) {
	case *ast.BranchStmt:
		return stmt.Tok == token.GOTO
	case *ast.ReturnStmt:
		return true
	case *ast.ExprStmt:
		if call, ok := ast.Unparen(stmt.X).(*ast.CallExpr); ok {
			if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
				builtin, ok := info.Uses[id].(*types.Builtin)
				return ok && builtin.Name() == "panic"
			}
		}
	case *ast.IfStmt:
		known, value := staticBool(info, stmt.Cond)
		then := known && !value || terminates(info, stmt.Body)
		otherwise := known && value || stmt.Else != nil && terminates(info, stmt.Else)
		return then && otherwise
	case *ast.BlockStmt:
		for i := len(stmt.List) - 1; i >= 0; i-- {
			if _, empty := stmt.List[i].(*ast.EmptyStmt); !empty {
				return terminates(info, stmt.List[i])
			}
		}
	}
	return false
}

// staticBool is the value of a condition that the compiler knows while it
// writes a function out: constants, and their conjunctions with anything.
func staticBool(info *types.Info, cond ast.Expr) (known, value bool) {
	cond = ast.Unparen(cond)
	if tv := info.Types[cond]; tv.Value != nil && tv.Value.Kind() == constant.Bool {
		return true, constant.BoolVal(tv.Value)
	}
	switch cond := cond.(type) {
	case *ast.UnaryExpr:
		if cond.Op == token.NOT {
			known, value = staticBool(info, cond.X)
			return known, !value
		}
	case *ast.BinaryExpr:
		if cond.Op != token.LAND && cond.Op != token.LOR {
			return false, false
		}
		decisive := cond.Op == token.LOR
		xKnown, x := staticBool(info, cond.X)
		if xKnown && x == decisive {
			return true, x
		}
		yKnown, y := staticBool(info, cond.Y)
		if yKnown && (xKnown || y == decisive) {
			return true, y
		}
	}
	return false, false
}

func coreType(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	if param, ok := types.Unalias(t).(*types.TypeParam); ok {
		constraint, ok := param.Constraint().Underlying().(*types.Interface)
		if ok && constraint.NumEmbeddeds() == 1 {
			term := constraint.EmbeddedType(0)
			if union, ok := term.(*types.Union); ok && union.Len() == 1 {
				term = union.Term(0).Type()
			}
			return term.Underlying()
		}
		return nil
	}
	return t.Underlying()
}

// symbol is the name of a source function, or nothing for a literal in dead
// code, which the compiler does not number.
func (n names) symbol(fn *ssa.Function) string {
	if syntax := fn.Syntax(); syntax != nil {
		if symbol, ok := n.bySyntax[syntax]; ok {
			return symbol
		}
	}
	if fn.Synthetic == "package initializer" {
		return symbolPrefix(fn.Pkg.Pkg) + ".init"
	}
	if obj, ok := fn.Object().(*types.Func); ok {
		return declaredSymbol(obj)
	}
	return ""
}

// declaredSymbol is `path.F`, `path.T.M` or `path.(*T).M`, without type arguments.
func declaredSymbol(fn *types.Func) string {
	fn = fn.Origin()
	prefix := ""
	if fn.Pkg() != nil {
		prefix = symbolPrefix(fn.Pkg()) + "."
	}
	recv := fn.Signature().Recv()
	if recv == nil {
		return prefix + fn.Name()
	}
	typ, pointer := types.Unalias(recv.Type()), false
	if ptr, ok := typ.(*types.Pointer); ok {
		typ, pointer = types.Unalias(ptr.Elem()), true
	}
	name := "?"
	if named, ok := typ.(*types.Named); ok {
		name = named.Obj().Name()
	}
	if pointer {
		return fmt.Sprintf("%s(*%s).%s", prefix, name, fn.Name())
	}
	return fmt.Sprintf("%s%s.%s", prefix, name, fn.Name())
}

// symbolPrefix is the package part of a symbol: `main` for commands, otherwise
// the import path with the dots of its last element escaped (yaml%2ev3).
func symbolPrefix(pkg *types.Package) string {
	if pkg.Name() == "main" {
		return "main"
	}
	path := pkg.Path()
	slash := strings.LastIndexByte(path, '/')
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c <= ' ' || c == '.' && i > slash || c == '%' || c == '"' || c >= 0x7F {
			fmt.Fprintf(&b, "%%%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
