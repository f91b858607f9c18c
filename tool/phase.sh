# Sourced by ./run: runs a named phase, tells how long it took, keeps what it printed.
#
# phase TITLE COMMAND...   quiet: output goes to build/logs; its end is shown when the command fails. That ends ./run, or
#                          with keep_going=yes is counted; phase_ok says which.
# begin TITLE COMMAND...   starts a quiet phase that the following ones run beside; await is its end. One at a time.
# check TITLE COMMAND...   for tests: output is shown and kept; a failure is counted and later checks still run.
# summary                  a table of the phases, then the test runners' own last lines and the names of the tests that
#                          failed; fails if anything failed.
#
# Never call phase or check as a condition (if, &&, ||): bash would ignore a failing line inside COMMAND.

started_at=$SECONDS
phase_rows=()
runner_lines=()
failures=0
keep_going=no
mkdir -p build/logs

clock() { printf '%d:%02d' $(((SECONDS - started_at) / 60)) $(((SECONDS - started_at) % 60)); }

log_of() { echo "build/logs/$(echo "$1" | tr -cs 'A-Za-z0-9.\n' '-' | cut -c1-60).log"; }

# A function of this shell in a shell of its own that its first failing line ends.
strictly() { (set -euo pipefail; "$@"); }

# record TITLE SECONDS STATUS
record() {
  local verdict=ok
  [ "$3" = 0 ] || { verdict=FAILED; failures=$((failures + 1)); }
  phase_rows+=("$(printf '%-52s %6d s  %s' "${1:0:52}" "$2" $verdict)")
}

phase() {
  echo "[$(clock)] $1"
  local log
  log=$(log_of "$1")
  strictly "${@:2}" >"$log" 2>&1 &
  ended "$1" $! $SECONDS
}

# Its processes are a group, which goes when ./run ends before them.
begin() {
  echo "[$(clock)] $1, beside what follows"
  local log
  log=$(log_of "$1")
  set -m
  strictly "${@:2}" >"$log" 2>&1 </dev/null &
  begun=("$1" $! $SECONDS)
  set +m
  trap 'kill -- -${begun[1]} 2>/dev/null || true' EXIT
}

await() {
  ended "${begun[@]}"
  trap - EXIT
}

# ended TITLE PROCESS BEGAN: waits for it.
ended() {
  local title=$1 log status=0
  log=$(log_of "$title")
  wait "$2" || status=$?
  record "$title" $((SECONDS - $3)) $status
  phase_ok=yes
  [ $status = 0 ] && return 0
  phase_ok=no
  echo "[$(clock)] $title: failed with status $status; the end of $log:" >&2
  tail -n 60 "$log" >&2
  [ $keep_going = yes ] || exit 1
}

check() {
  local title=$1 log status verdict began=$SECONDS
  shift
  log=$(log_of "$title")
  echo "[$(clock)] $title"
  set +e
  strictly "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  set -e
  record "$title" $((SECONDS - began)) "$status"
  # The runner's own verdict: ctest's "x% tests passed, ..." or pytest's "n passed, ... in ... s".
  verdict=$(grep -E '^[0-9]+% tests passed|^=* ?[0-9]+ (passed|failed|skipped|error).* in [0-9.]+' "$log" | tail -n 1 || true)
  [ -z "$verdict" ] || runner_lines+=("$title: $(echo "$verdict" | sed 's/^=* *//; s/ *=*$//')")
  [ "$status" = 0 ] || while IFS= read -r line; do runner_lines+=("  $line"); done < <(failed_tests "$log")
}

# What failed, by name: ctest's "  3 - serve/cache_test (Failed)", pytest's "FAILED test/..." and fuzz_all's "FAILED ...".
failed_tests() {
  grep -aE '^[[:space:]]+[0-9]+ - .* \([A-Z].*\)$|^(FAILED|ERROR) ' "$1" |
    sed 's/^[[:space:]]*//' | cut -c1-300 | tail -n 20
}

summary() {
  echo
  printf '%s\n' "${phase_rows[@]}"
  printf '%-52s %6d s\n\n' "all" $((SECONDS - started_at))
  printf '%s\n' ${runner_lines[@]+"${runner_lines[@]}"}
  [ $failures = 0 ] || { echo "FAILED: $failures of the phases above"; exit 1; }
}
