// Command syntax prints what Go's own parser reads in every Go file below a
// directory, one JSON line a file, so that `cargo xtask syntax-errors` can
// tell what the grammar of outlive loses.
//
//	syntax DIR
package main

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
)

// File is a line of the output.
type File struct {
	Path    string `json:"path"`
	Refused string `json:"refused,omitempty"` // the first error, if Go refuses the file
	Funcs   []Func `json:"funcs"`
	Names   []Name `json:"names"`
}

// Func is a function declaration and how much stands in it.
type Func struct {
	Name     string `json:"name"` // Type.Method for a method
	Line     int    `json:"line"`
	End      int    `json:"end"`
	Calls    int    `json:"calls"` // conversions included
	Literals int    `json:"literals"`
	Starts   int    `json:"starts"` // go and defer statements
}

// Name is a type, variable or constant of the package.
type Name struct {
	Name string `json:"name"`
	Line int    `json:"line"` // of its declaration, which may hold several
	End  int    `json:"end"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("syntax: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: syntax DIR")
	}
	root := os.Args[1]
	buffered := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(buffered)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return out.Encode(read(path, filepath.ToSlash(relative)))
	})
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		log.Fatal(err)
	}
}

func read(path, relative string) File {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	file := File{Path: relative, Funcs: []Func{}, Names: []Name{}}
	if err != nil {
		file.Refused, _, _ = strings.Cut(strings.TrimPrefix(err.Error(), path+":"), "\n")
	}
	if parsed == nil {
		return file
	}
	// `//line` comments are not looked at: places are those of the text.
	line := func(pos token.Pos) int { return set.PositionFor(pos, false).Line }
	for _, decl := range parsed.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			row := Func{Name: name(decl), Line: line(decl.Pos()), End: line(decl.End())}
			if decl.Body != nil {
				row.count(decl.Body)
			}
			file.Funcs = append(file.Funcs, row)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				for _, ident := range declared(spec) {
					row := Name{Name: ident.Name, Line: line(decl.Pos()), End: line(decl.End())}
					file.Names = append(file.Names, row)
				}
			}
		}
	}
	return file
}

func (f *Func) count(body *ast.BlockStmt) {
	ast.Inspect(body, func(node ast.Node) bool {
		switch node.(type) {
		case *ast.CallExpr:
			f.Calls++
		case *ast.FuncLit:
			f.Literals++
		case *ast.GoStmt, *ast.DeferStmt:
			f.Starts++
		}
		return true
	})
}

func name(decl *ast.FuncDecl) string {
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return decl.Name.Name
	}
	kind := decl.Recv.List[0].Type
	for {
		switch inner := kind.(type) {
		case *ast.StarExpr:
			kind = inner.X
		case *ast.ParenExpr:
			kind = inner.X
		case *ast.IndexExpr:
			kind = inner.X
		case *ast.IndexListExpr:
			kind = inner.X
		case *ast.Ident:
			return inner.Name + "." + decl.Name.Name
		default:
			return "?." + decl.Name.Name
		}
	}
}

func declared(spec ast.Spec) []*ast.Ident {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		return []*ast.Ident{spec.Name}
	case *ast.ValueSpec:
		return spec.Names
	}
	return nil
}
