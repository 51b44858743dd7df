package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// program is the loaded code and what is needed to name its functions.
type program struct {
	ssa      *ssa.Program
	root     string          // printed file names are relative to it
	analysed map[string]bool // import paths of the packages that match the patterns
	names    names
}

// load type-checks the packages, and their dependencies, from source for
// linux/amd64 without cgo, the default platform of outlive.
func load(dir, root string, tests bool, patterns []string) (*program, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	config := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedDeps | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo |
			packages.NeedTypesSizes | packages.NeedModule,
		Dir:   dir,
		Env:   append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false"),
		Tests: tests,
	}
	initial, err := packages.Load(config, patterns...)
	if err != nil {
		return nil, err
	}
	if n := packages.PrintErrors(initial); n > 0 {
		return nil, fmt.Errorf("%d errors in the packages", n)
	}
	prog, _ := ssautil.AllPackages(initial, buildMode)
	prog.Build()

	p := &program{ssa: prog, root: root, analysed: make(map[string]bool), names: newNames()}
	for _, pkg := range initial {
		if strings.HasSuffix(pkg.PkgPath, ".test") {
			continue // the generated main of a test binary
		}
		p.analysed[pkg.PkgPath] = true
		p.names.addPackage(pkg)
	}
	return p, nil
}

// place is `file:line`, the file relative to the root where it is below it.
func (p *program) place(pos token.Pos) string {
	position := p.ssa.Fset.PositionFor(pos, false)
	file := position.Filename
	if rel, err := filepath.Rel(p.root, file); err == nil && !strings.HasPrefix(rel, "..") {
		file = rel
	}
	return fmt.Sprintf("%s:%d", filepath.ToSlash(file), position.Line)
}

// source reports whether fn was written by somebody: declared, a literal, the
// body of a range over a function, or an instance of such a function. The
// package initialiser counts, since initialisers of variables are its body.
func source(fn *ssa.Function) bool {
	if fn.Synthetic == "package initializer" {
		return true
	}
	// An instantiation wrapper has the syntax of the function it wraps.
	return fn.Syntax() != nil && !strings.HasPrefix(fn.Synthetic, "instantiation wrapper")
}

// outermost is the declared function, or package initialiser, in which fn stands.
func outermost(fn *ssa.Function) *ssa.Function {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	return fn
}

// packagePath is the import path of the package in which fn was written.
func packagePath(fn *ssa.Function) string {
	fn = outermost(fn)
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	switch {
	case fn.Pkg != nil:
		return fn.Pkg.Pkg.Path()
	case fn.Object() != nil && fn.Object().Pkg() != nil:
		return fn.Object().Pkg().Path()
	}
	return ""
}

// known reports whether fn is a source function of an analysed package that
// the compiler has a symbol for.
func (p *program) known(fn *ssa.Function) bool {
	return source(fn) && p.analysed[packagePath(fn)] && !blank(fn) && p.names.symbol(fn) != ""
}

// blank reports whether fn stands in a function called `_`: such functions
// cannot run, and have no symbol of their own.
func blank(fn *ssa.Function) bool {
	decl, ok := outermost(fn).Syntax().(*ast.FuncDecl)
	return ok && decl.Name.Name == "_"
}
