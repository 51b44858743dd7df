// Command callgraph prints the call graphs of golang.org/x/tools in the
// format of `outlive graph --calls`, so that the two can be compared.
//
//	callgraph -dir DIR -mode static,cha,vta -out OUT [-tests] PATTERN...
//
// For every mode M it writes OUT/M.tsv (edges), OUT/M.sites.tsv (interface
// call sites with the number of their callees), OUT/M.funcs.tsv (the source
// functions the graph knows) and OUT/M.json (counts, times, memory). Without
// -out it prints the edges of the one mode asked for.
//
// docs/callgraph-quality.md describes the columns and the names.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/callgraph/cha"
	"golang.org/x/tools/go/callgraph/static"
	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// Stats is one run of one mode, as OUT/MODE.json states it.
type Stats struct {
	Mode          string  `json:"mode"`
	Packages      int     `json:"packages"`       // analysed, dependencies not counted
	LoadedFuncs   int     `json:"loaded_funcs"`   // ssa functions, dependencies and wrappers included
	Funcs         int     `json:"funcs"`          // analysed source functions in the graph
	Edges         int     `json:"edges"`          // lines of MODE.tsv
	Sites         int     `json:"sites"`          // lines of MODE.sites.tsv
	SyntheticCall int     `json:"synthetic_call"` // edges left out: they have no place in the source
	LoadSeconds   float64 `json:"load_seconds"`   // go/packages and go/ssa, shared by all modes of a run
	GraphSeconds  float64 `json:"graph_seconds"`  // the call graph alone
	PeakMiB       int64   `json:"peak_mib"`       // of the process so far
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("callgraph: ")
	dir := flag.String("dir", ".", "directory in which the patterns are resolved; file names are relative to -root")
	root := flag.String("root", "", "directory to which printed file names are relative (default -dir)")
	modes := flag.String("mode", "static", "comma-separated list of static, cha, vta")
	out := flag.String("out", "", "directory for the results (default: edges to standard output)")
	tests := flag.Bool("tests", false, "load _test.go files as well")
	flag.Parse()
	if *root == "" {
		*root = *dir
	}
	if err := run(*dir, *root, strings.Split(*modes, ","), *out, *tests, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(dir, root string, modes []string, out string, tests bool, patterns []string) error {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	if out == "" && len(modes) != 1 {
		return fmt.Errorf("more than one mode needs -out")
	}
	start := time.Now()
	prog, err := load(dir, root, tests, patterns)
	if err != nil {
		return err
	}
	all := ssautil.AllFunctions(prog.ssa)
	loaded := time.Since(start).Seconds()

	for _, mode := range modes {
		start := time.Now()
		var graph *callgraph.Graph
		switch mode {
		case "static":
			graph = static.CallGraph(prog.ssa)
		case "cha":
			graph = cha.CallGraph(prog.ssa)
		case "vta":
			// A nil initial graph is CHA, computed lazily.
			graph = vta.CallGraph(all, nil)
		default:
			return fmt.Errorf("unknown mode %q", mode)
		}
		stats := Stats{
			Mode:         mode,
			Packages:     len(prog.analysed),
			LoadedFuncs:  len(all),
			LoadSeconds:  loaded,
			GraphSeconds: time.Since(start).Seconds(),
		}
		result := collect(prog, graph)
		stats.Funcs = len(result.funcs)
		stats.Edges = len(result.edges)
		stats.Sites = len(result.sites)
		stats.SyntheticCall = result.synthetic
		stats.PeakMiB = peakMiB()
		if err := write(out, mode, result, stats); err != nil {
			return err
		}
	}
	return nil
}

func write(out, mode string, result *result, stats Stats) error {
	if out == "" {
		_, err := os.Stdout.Write(result.edgeLines())
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	report, err := json.MarshalIndent(stats, "", "  ")
	if err != nil {
		return err
	}
	// The statistics come last: their presence says that the run is complete.
	for _, file := range []struct {
		suffix string
		data   []byte
	}{
		{".tsv", result.edgeLines()},
		{".sites.tsv", result.siteLines()},
		{".funcs.tsv", result.funcLines()},
		{".json", append(report, '\n')},
	} {
		if err := os.WriteFile(filepath.Join(out, mode+file.suffix), file.data, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// peakMiB is the largest resident size of this process so far.
func peakMiB() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Maxrss / 1024
}

// buildMode instantiates generics, which VTA asks for; the instances are
// mapped back to their origin when edges are printed.
const buildMode = ssa.InstantiateGenerics
