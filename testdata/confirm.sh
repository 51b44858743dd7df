#!/usr/bin/env bash
# Asks Go's race detector whether the fixture modules say the truth: every test of a racing package must race, every
# test of a quiet one must pass without a word.
#
#   testdata/confirm.sh [-n RUNS] [--keep DIR] [MODULE...]
#
# MODULE is a directory name below testdata/modules; default: all. DIR gets what the tests printed, for
# `cargo xtask confirm-pairs`: it is emptied first.
#
# A package is racing when one of its Go files, or of a directory above it in the module, has a `// want "` comment.
# Every test runs in a process of its own, so that a goroutine it leaves behind cannot be counted for another test, and
# every file with a `// want "` must appear in the output, so that no shape hides behind the race of its neighbour.
# A twin `NAME_ok` or `NAME-ok` beside NAME must be NAME with nothing changed but the files that have a want.
# Exit code 0: all agree, 1: some do not, 2: could not run.
set -u
shopt -s nullglob

runs=1
keep=
while :; do
	case ${1-} in
	-n) runs=${2:?a number of runs} ;;
	--keep) keep=$(realpath "${2:?a directory}") ;;
	*) break ;;
	esac
	shift 2
done
modules_dir=$(cd "$(dirname "$0")/modules" && pwd) || exit 2
command -v go >/dev/null || { echo "confirm: no go in PATH" >&2; exit 2; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

export GOFLAGS=-mod=mod GOWORK=off GOPROXY=off
# The detector's sleep at exit is for goroutines that would race then; a fixture must race before.
export GORACE=atexit_sleep_ms=0

# A goroutine that logs after its test has ended is a lifetime race that the testing package reports, by a panic.
detected='^(WARNING: DATA RACE|panic: (Log in goroutine|Fail in goroutine|Write called) after )'

failures=0
disagree() {
	echo "FAIL $*"
	failures=$((failures + 1))
}

# The flaw of a fixture may be one that vet knows, too.
vet_flags() {
	case $1 in
	waitgroup-add-races-wait) echo -waitgroup=false ;;
	esac
}

# wants_above MODULE PACKAGE: whether the package or a directory above it in the module has a want.
wants_above() {
	local dir=$2
	while :; do
		grep -qs '// want "' "$1/$dir"/*.go && return 0
		[ "$dir" = . ] && return 1
		dir=$(dirname "$dir")
	done
}

# same_twin NAME: compares the module or package directory NAME with its twin, if there is one.
same_twin() {
	local racing=$1 twin file
	for twin in "${racing}_ok" "$racing-ok"; do
		[ -d "$twin" ] || continue
		for file in $({ find "$racing" -type f -printf '%P\n' && find "$twin" -type f -printf '%P\n'; } | sort -u); do
			grep -qs '// want "' "$racing/$file" && continue
			# Only the import path of the module may differ.
			diff -q <(cat "$racing/$file" 2>&1) <(sed "s|/$(basename "$twin")\b|/$(basename "$racing")|" "$twin/$file" 2>&1) >/dev/null ||
				disagree "${twin#../}/$file: differs from its racing twin"
		done
	done
}

# run_test BINARY DIRECTORY TEST OUTPUT: the output gets the exit code as its last line.
run_test() {
	cd "$2" || exit 2
	timeout 60 "$1" -test.run "^$3\$" -test.count=1 >"$4" 2>&1
	echo "exit $?" >>"$4"
}
export -f run_test

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
	for go_mod in "$modules_dir"/*/go.mod; do
		names+=("$(basename "$(dirname "$go_mod")")")
	done
fi

# Pass 1 builds the tests of all modules and lists what must be run.
list=$work/list
: >"$list"
for name in "${names[@]}"; do
	module=$modules_dir/$name
	[ -f "$module/go.mod" ] || { echo "confirm: no module $module" >&2; exit 2; }
	cd "$module" || exit 2
	unformatted=$(gofmt -l .)
	[ -z "$unformatted" ] || disagree "$name: not gofmt'ed: $unformatted"
	# shellcheck disable=SC2046
	go vet $(vet_flags "$name") ./... || disagree "$name: go vet"
	same_twin "../$name"
	for package in */; do
		same_twin "${package%/}"
	done
	mkdir -p "$work/bin/$name"
	# An inlined function has no frame of its own, and the detector leaves out one more where a library is not instrumented.
	go test -race -c -gcflags=-l -o "$work/bin/$name/" ./... >"$work/build" 2>&1 ||
		{ disagree "$name: does not build"; cat "$work/build"; continue; }
	for package in $(find . -mindepth 2 -name '*_test.go' -printf '%P\n' | xargs -rn1 dirname | sort -u); do
		tests=$(sed -n 's/^func \(Test[A-Z0-9][A-Za-z0-9_]*\)(t \*testing\.T).*/\1/p' "$package"/*_test.go)
		for test in $tests; do
			for run in $(seq "$runs"); do
				id=$name/$package/$test/$run
				mkdir -p "$work/out/$(dirname "$id")"
				printf '%s\0' "$work/bin/$name/$(basename "$package").test" "$module/$package" "$test" "$work/out/$id" >>"$list"
			done
		done
	done
done

# Two at a time: more would blur the timing that makes the races happen.
xargs -0 -r -n 4 -P 2 bash -c 'run_test "$@"' run_test <"$list"

# Pass 2 compares.
packages=0
tests=0
retries=0
for name in "${names[@]}"; do
	module=$modules_dir/$name
	[ -d "$work/out/$name" ] || { disagree "$name: no tests"; continue; }
	cd "$work/out/$name" || exit 2
	# The outputs are PACKAGE/TEST/RUN.
	for package in $(find . -mindepth 3 -type f -printf '%P\n' | xargs -rn1 dirname | xargs -rn1 dirname | sort -u); do
		packages=$((packages + 1))
		racing=no
		wants_above "$module" "$package" && racing=yes
		for test in "$package"/Test*; do
			tests=$((tests + 1))
			for out in "$test"/*; do
				if [ $racing = yes ]; then
					grep -Eq "$detected" "$out" && continue
					# On a busy machine a goroutine may not have run in time. One more chance, alone.
					retries=$((retries + 1))
					(run_test "$work/bin/$name/$(basename "$package").test" "$module/$package" "$(basename "$test")" "$PWD/$out")
					grep -Eq "$detected" "$out" || disagree "$name/$test: no race"
				elif [ "$(cat "$out")" != $'PASS\nexit 0' ]; then
					disagree "$name/$test: not quiet"
					head -40 "$out"
				fi
			done
		done
	done
	for file in $(cd "$module" && grep -rl --include='*.go' '// want "' .); do
		grep -rqF "/$name/${file#./}:" . || disagree "$name/$file: has a want, but is in no output"
	done
done

if [ -n "$keep" ]; then
	rm -rf "$keep" && cp -r "$work/out" "$keep" || exit 2
fi
echo "$tests tests in $packages packages of ${#names[@]} modules, $retries run again, $failures disagree"
[ $failures -eq 0 ]
