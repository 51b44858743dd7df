package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/ssa"
)

// edge is one line of MODE.tsv, less its last column.
type edge struct {
	caller, place, callee, kind string
}

// site is one interface call, or several of one method on one line.
type site struct {
	caller, place, method string
}

// callees of a site: the analysed ones, and how many there are in all.
type callees struct {
	analysed map[string]bool
	all      map[*ssa.Function]bool
}

type result struct {
	// edges with their traits, which say how an edge comes about, for sorting
	// missed edges into classes. The comparison of edges does not use them.
	edges     map[edge]string
	sites     map[site]callees
	funcs     map[string]string // symbol and place of the declaration, tab-separated → package
	synthetic int
}

// collect turns a graph into lines: wrappers are jumped over, instances become
// their origin, and only edges within the analysed packages remain.
func collect(p *program, graph *callgraph.Graph) *result {
	r := &result{edges: make(map[edge]string), sites: make(map[site]callees), funcs: make(map[string]string)}
	for fn, node := range graph.Nodes {
		if fn == nil || !p.known(fn) {
			continue
		}
		caller := p.names.symbol(fn)
		r.funcs[caller+"\t"+p.place(fn.Pos())] = packagePath(fn)
		r.addSites(p, fn, caller)

		fanOut := make(map[ssa.CallInstruction]map[*ssa.Function]bool)
		targets := make([][]target, len(node.Out))
		for i, e := range node.Out {
			targets[i] = sourceTargets(e.Callee)
			if fanOut[e.Site] == nil {
				fanOut[e.Site] = make(map[*ssa.Function]bool)
			}
			for _, t := range targets[i] {
				fanOut[e.Site][t.fn] = true
			}
		}
		for i, e := range node.Out {
			pos := position(e.Site)
			for _, t := range targets[i] {
				if isInterface(e.Site) {
					s := r.sites[site{caller, p.place(pos), e.Site.Common().Method.Name()}]
					if s.all != nil {
						s.all[t.fn] = true
						if p.known(t.fn) {
							s.analysed[p.names.symbol(t.fn)] = true
						}
					}
				}
				if !p.known(t.fn) {
					continue
				}
				if pos == token.NoPos || e.Site.Parent().Synthetic == "package initializer" && startsPackage(t.fn) {
					r.synthetic++
					continue
				}
				key := edge{caller, p.place(pos), p.names.symbol(t.fn), kind(e.Site, len(fanOut[e.Site]))}
				// Of several ways the plainest counts: it has the fewest traits.
				how := traits(e.Site, t)
				if old, ok := r.edges[key]; !ok || len(how) < len(old) || len(how) == len(old) && how < old {
					r.edges[key] = how
				}
			}
		}
	}
	return r
}

// addSites notes the interface calls of fn, those without callees too. Calls
// on values of a type parameter are not among them: an instance calls statically.
func (r *result) addSites(p *program, fn *ssa.Function, caller string) {
	for _, block := range fn.Blocks {
		for _, instr := range block.Instrs {
			call, ok := instr.(ssa.CallInstruction)
			if !ok || !isInterface(call) {
				continue
			}
			key := site{caller, p.place(position(call)), call.Common().Method.Name()}
			if _, ok := r.sites[key]; !ok {
				r.sites[key] = callees{make(map[string]bool), make(map[*ssa.Function]bool)}
			}
		}
	}
}

func isInterface(call ssa.CallInstruction) bool {
	common := call.Common()
	return common.IsInvoke() && !onTypeParam(common)
}

func onTypeParam(common *ssa.CallCommon) bool {
	_, ok := types.Unalias(common.Value.Type()).(*types.TypeParam)
	return ok
}

// startsPackage reports whether fn is called by the package initialiser
// without a call in the source: an init function, or another package's.
func startsPackage(fn *ssa.Function) bool {
	if fn.Synthetic == "package initializer" {
		return true
	}
	decl, ok := fn.Syntax().(*ast.FuncDecl)
	return ok && decl.Recv == nil && decl.Name.Name == "init"
}

// position is where a call stands: its left parenthesis; the keyword of a go
// or defer statement; the `for` of a range over a function, which go/ssa
// gives no position.
func position(call ssa.CallInstruction) token.Pos {
	if call.Pos() != token.NoPos {
		return call.Pos()
	}
	if args := call.Common().Args; len(args) == 1 {
		if closure, ok := args[0].(*ssa.MakeClosure); ok {
			if loop, ok := closure.Fn.(*ssa.Function).Syntax().(*ast.RangeStmt); ok {
				return loop.For
			}
		}
		if fn, ok := args[0].(*ssa.Function); ok {
			if loop, ok := fn.Syntax().(*ast.RangeStmt); ok {
				return loop.For
			}
		}
	}
	return token.NoPos
}

// target is a source function that a call reaches, and the wrappers between.
type target struct {
	fn  *ssa.Function
	via string
}

// sourceTargets jumps over wrappers, thunks, bound methods and instantiation
// wrappers: each leads on to what it calls.
func sourceTargets(node *callgraph.Node) []target {
	if source(node.Func) {
		return []target{{fn: node.Func}}
	}
	var found []target
	seen := map[*callgraph.Node]bool{node: true}
	var follow func(node *callgraph.Node, via string)
	follow = func(node *callgraph.Node, via string) {
		via = wrapperKind(node.Func, via)
		for _, out := range node.Out {
			switch {
			case source(out.Callee.Func):
				found = append(found, target{out.Callee.Func, via})
			case !seen[out.Callee]:
				seen[out.Callee] = true
				follow(out.Callee, via)
			}
		}
	}
	follow(node, "")
	return found
}

// wrapperKind prefers what the source shows (a method value) to what follows
// from it (promotion).
func wrapperKind(fn *ssa.Function, outer string) string {
	switch {
	case outer == "bound" || outer == "thunk":
		return outer
	case strings.HasPrefix(fn.Synthetic, "bound "):
		return "bound"
	case strings.HasPrefix(fn.Synthetic, "thunk "):
		return "thunk"
	case strings.HasPrefix(fn.Synthetic, "wrapper ") && promoted(fn):
		return "promoted"
	}
	return outer
}

// promoted reports whether a method wrapper selects an embedded field, rather
// than only following the pointer of its receiver.
func promoted(wrapper *ssa.Function) bool {
	method, ok := wrapper.Object().(*types.Func)
	if !ok || method.Signature().Recv() == nil || wrapper.Signature.Recv() == nil {
		return true
	}
	return namedOrigin(method.Signature().Recv().Type()) != namedOrigin(wrapper.Signature.Recv().Type())
}

// namedOrigin is the declared type that t, or what it points to, is an instance of.
func namedOrigin(t types.Type) *types.TypeName {
	t = types.Unalias(t)
	if ptr, ok := t.(*types.Pointer); ok {
		t = types.Unalias(ptr.Elem())
	}
	if named, ok := t.(*types.Named); ok {
		return named.Origin().Obj()
	}
	return nil
}

func kind(call ssa.CallInstruction, fanOut int) string {
	prefix := ""
	switch call.(type) {
	case *ssa.Go:
		prefix = "go "
	case *ssa.Defer:
		prefix = "defer "
	}
	common := call.Common()
	callee := common.StaticCallee()
	switch {
	case common.IsInvoke():
		return fmt.Sprintf("%sinterface:%d/%d", prefix, fanOut, fanOut)
	case callee == nil:
		return prefix + "function-value"
	case callee.Signature.Recv() != nil:
		return prefix + "method"
	}
	return prefix + "static"
}

func traits(call ssa.CallInstruction, t target) string {
	var list []string
	common := call.Common()
	switch {
	case common.IsInvoke() && onTypeParam(common):
		list = append(list, "typeparam")
	case common.IsInvoke():
		list = append(list, "interface")
	case common.StaticCallee() == nil:
		list = append(list, "value")
	}
	if t.via != "" {
		list = append(list, t.via)
	}
	if _, ok := t.fn.Syntax().(*ast.RangeStmt); ok {
		list = append(list, "range")
	} else if t.fn.Parent() != nil {
		list = append(list, "closure")
	}
	if generic(t.fn) {
		list = append(list, "generic")
	}
	if generic(call.Parent()) {
		list = append(list, "generic-caller")
	}
	if len(t.fn.Blocks) == 0 {
		list = append(list, "bodyless")
	}
	return strings.Join(list, ",")
}

func generic(fn *ssa.Function) bool {
	fn = outermost(fn)
	if len(fn.TypeArgs()) > 0 || fn.TypeParams().Len() > 0 {
		return true
	}
	if recv := fn.Signature.Recv(); recv != nil {
		typ := types.Unalias(recv.Type())
		if ptr, ok := typ.(*types.Pointer); ok {
			typ = types.Unalias(ptr.Elem())
		}
		named, ok := typ.(*types.Named)
		return ok && named.TypeParams().Len() > 0
	}
	return false
}

func (r *result) edgeLines() []byte {
	lines := make([]string, 0, len(r.edges))
	for e, traits := range r.edges {
		lines = append(lines, strings.Join([]string{e.caller, e.place, e.callee, e.kind, traits}, "\t"))
	}
	return sorted(lines)
}

func (r *result) siteLines() []byte {
	lines := make([]string, 0, len(r.sites))
	for s, c := range r.sites {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%d\t%d", s.caller, s.place, s.method, len(c.analysed), len(c.all)))
	}
	return sorted(lines)
}

func (r *result) funcLines() []byte {
	lines := make([]string, 0, len(r.funcs))
	for _, key := range slices.Sorted(maps.Keys(r.funcs)) {
		lines = append(lines, key+"\t"+r.funcs[key])
	}
	return sorted(lines)
}

func sorted(lines []string) []byte {
	slices.Sort(lines)
	if len(lines) == 0 {
		return nil
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}
