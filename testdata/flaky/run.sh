#!/usr/bin/env bash
# Asks `outlive reproduce` to make the rare races of this folder happen. Each module has a race of one rule that a plain
# run seldom shows, because a lock that has nothing to do with it orders the two sides when there is time enough.
#
#   testdata/flaky/run.sh OUTLIVE [-n RUNS] [MODULE...]      OUTLIVE is the command; default: all modules, 50 runs
#
# Every module is reproduced from its finding (the first of its rule, or of any), and from its recorded report where it
# has one. With the hold all runs but one in fifty (at least one, for a busy machine) must show the race, without it
# less than half. So must the case of `testdata/reports/stmt-reset.txt`, but for the second: it races always.
# Exit code 0: all do, 1: some do not, 2: could not run.
set -u
shopt -s nullglob

outlive=$(realpath "${1:?the command}") || exit 2
shift
runs=50
if [ "${1-}" = -n ]; then
	runs=${2:?a number of runs}
	shift 2
fi
cd "$(dirname "$0")" || exit 2
command -v go >/dev/null || { echo "run: no go in PATH" >&2; exit 2; }
export GOFLAGS=-mod=mod GOWORK=off GOPROXY=off
# The detector's sleep at exit only makes it slower.
export GORACE=atexit_sleep_ms=0

failures=0
# judge NAME BASELINE_AT_MOST ARGUMENT...
judge() {
	local name=$1 most=$2 out base held
	shift 2
	out=$("$outlive" reproduce --runs "$runs" "$@" 2>&1)
	base=$(sed -n 's|^baseline \([0-9]*\)/.*|\1|p' <<<"$out")
	held=$(sed -n 's|^baseline .* with the hold \([0-9]*\)/.*|\1|p' <<<"$out")
	local misses=$((runs / 50 > 1 ? runs / 50 : 1))
	if [ -z "$held" ] || [ "$held" -lt $((runs - misses)) ] || [ "$base" -gt "$most" ]; then
		printf 'FAIL %s\n%s\n' "$name" "$out"
		failures=$((failures + 1))
	else
		printf '%-52s baseline %s/%s, with the hold %s/%s\n' "$name" "$base" "$runs" "$held" "$runs"
	fi
}

# fingerprint MODULE: of its first finding of its rule, else of its first.
fingerprint() {
	"$outlive" check --all --format json "$1" 2>/dev/null | awk -F '"' -v wanted="$1" '
		$2 == "rule" { rule = $4 }
		$2 == "fingerprint" { if (!any) any = $4; if (rule == wanted && !own) own = $4 }
		END { print own ? own : any }'
}

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
	for go_mod in */go.mod; do
		names+=("$(dirname "$go_mod")")
	done
fi
half=$(((runs - 1) / 2))
for name in "${names[@]}"; do
	judge "$name" "$half" --finding "$(fingerprint "$name")" --repo "$name"
	[ ! -f "$name/report.txt" ] || judge "$name, from its report" "$half" "$name/report.txt" --repo "$name"
done
if [ $# -eq 0 ]; then
	judge "stmt-reset, from its report" "$runs" ../reports/stmt-reset.txt --repo ../modules/stmt-reset
fi
echo "${#names[@]} modules, $failures failures"
[ $failures -eq 0 ]
