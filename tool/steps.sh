# Sourced by ./run: what its commands do.

# One compiler a core, but 1.5 GB of memory for each.
jobs() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$memory_gb" -lt 1 ] && memory_gb=1
  echo "${CHILIAD_JOBS:-$((cores < memory_gb ? cores : memory_gb))}"
}

folder_of() { [ "$1" = release ] && echo build || echo "build/$1"; }

# build PRESET [TARGET...]
build() {
  phase "build: $1${2:+ (${*:2})}" compile "$@"
}

compile() {
  local preset=$1 folder
  shift
  folder=$(folder_of "$preset")
  [ -f "$folder/build.ninja" ] && [ "$folder/CMakeCache.txt" -nt CMakePresets.json ] || cmake --preset "$preset"
  ninja -C "$folder" -j "$(jobs)" "$@"
}

# Tests that start servers and programs wait for them as long as they compute: two at a time more than there are cores.
waiting_jobs() { echo $(($(nproc) + 2)); }

# ctest_of PRESET: its tests, under the addresses that the sanitizers of this age can map.
ctest_of() {
  local folder fixed=()
  folder=$(folder_of "$1")
  setarch "$(uname -m)" -R true 2>/dev/null && fixed=(setarch "$(uname -m)" -R)
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  "${fixed[@]}" ctest --test-dir "$folder" -j "$(waiting_jobs)" --output-on-failure --no-tests=error --timeout 600
}

check_format() {
  find src bench python -name '*.h' -o -name '*.cc' | xargs clang-format-16 --dry-run -Werror
  echo "clang-format: every file as .clang-format says"
}

# fuzz_all SECONDS: each libFuzzer program for that long, as many at a time as there are cores. New inputs that widen
# the coverage stay in build/fuzz-corpus; an input that fails stays in build/fuzz-failures.
fuzz_all() {
  local seconds=$1 programs status=0 failed
  programs=$(cd build/asan/bin && ls -- *_fuzz)
  mkdir -p build/fuzz-failures
  : >build/fuzz-failures/failed
  export seconds ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
  echo "$programs" | xargs -P "$(nproc)" -I{} bash -c '
    program={} folder=$(echo {} | cut -d_ -f1) name=$(echo {} | cut -d_ -f2-)
    mkdir -p build/fuzz-corpus/$program
    seeds=src/$folder/${name}_corpus
    [ -d "$seeds" ] || seeds=
    if build/asan/bin/$program -max_total_time=$seconds -timeout=20 -rss_limit_mb=3000 -print_final_stats=1 \
        -artifact_prefix=build/fuzz-failures/$program- build/fuzz-corpus/$program $seeds >build/logs/$program.log 2>&1; then
      echo "$program: $(sed -n "s/^stat::number_of_executed_units: *//p" build/logs/$program.log) inputs in $seconds s, none failed"
    else
      echo "$program: FAILED; the end of build/logs/$program.log:"
      tail -n 40 build/logs/$program.log
      echo "FAILED $program: $(grep -aE "^SUMMARY|ERROR:" build/logs/$program.log | tail -n 1 || true)"
      echo $program >>build/fuzz-failures/failed
      exit 1
    fi' || status=$?
  failed=$(wc -l <build/fuzz-failures/failed)
  echo "$(($(echo "$programs" | wc -l) - failed)) passed, $failed failed in $seconds s each"
  return $status
}

# The S3 server that the store's tests start: versitygw where a Go is at hand to build it (once), else moto from PyPI.
find_s3_server() { tool/get_versitygw.sh >build/s3_server || echo moto >build/s3_server; }

need_s3_server() {
  [ -z "${CHILIAD_TEST_S3_SERVER:-}" ] || return 0
  phase "S3 server for tests" find_s3_server
  CHILIAD_TEST_S3_SERVER=$(cat build/s3_server)
  if [ "$CHILIAD_TEST_S3_SERVER" = moto ]; then
    echo "  no Go 1.24 to build versitygw: moto from PyPI, which checks no signatures (those tests are skipped)"
    need_venv moto test/requirements-moto.txt
    CHILIAD_TEST_S3_SERVER=moto:$PWD/.venv/moto/bin/python
  fi
  export CHILIAD_TEST_S3_SERVER
}

# python_tests LIMIT OPTION...
python_tests() {
  local limit=$1
  shift
  export CHILIAD_BINARY=$PWD/build/bin/chiliad
  # The limit is for a test that hangs; those of the first tier take some minutes.
  timeout --kill-after=30 "$limit" .venv/test/bin/python -m pytest test -q -ra -p no:cacheprovider "$@"
}

# side_by_side WORKERS: pytest's options for so many; a file's tests share a server and stay together.
side_by_side() { echo "--numprocesses=$1 --dist=loadfile --no-loadscope-reorder"; }

# The Python package by itself and beside the real Prophet.
package_tests() {
  timeout --kill-after=30 20m .venv/python/bin/python -m pytest python/test -q -ra -p no:cacheprovider "$@"
}

# The oldest numpy and pandas that pyproject.toml allows, for the oldest Python.
oldest() {
  [[ $1 == *python3.9 ]] && sed -n 's/^dependencies = //p' pyproject.toml | grep -oE '[a-z]+>=[0-9.]+' | sed 's/>=\(.*\)$/==\1.*/'
}

# Builds the package for each Python from 3.9 on that is installed, from nothing, as a newcomer does, and uses it.
package_with_every_python() {
  local python folder versions
  versions=$({ compgen -c python3. || true; ls "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3.* 2>/dev/null || true; } | grep -E 'python3\.(9|1[0-9])$' | sort -u)
  for python in $versions; do
    folder=$(mktemp -d)
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
      echo "$python: skipped, it has no venv"
    elif "$python" -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check . $(oldest "$python") &&
      "$folder/bin/python" python/test/newcomer.py; then
      echo "$("$folder/bin/python" --version): built and used"
    else
      echo "$python: FAILED"
      rm -rf "$folder"
      return 1
    fi
    rm -rf "$folder"
  done
}

# Each file includes what it needs.
build_each_file() {
  cmake --preset release -B build/plain -DCHILIAD_PRECOMPILED=OFF -DCHILIAD_UNITY=OFF
  ninja -C build/plain -j "$(jobs)"
}

# build_then PRESET TITLE COMMAND...: checks what a preset built; counted as failed when it does not build.
build_then() {
  keep_going=yes
  build "$1"
  tested "${@:2}"
}

# tested TITLE COMMAND...: the same of the build that has just ended.
tested() {
  keep_going=no
  [ $phase_ok = no ] || check "$@"
}

# The clients of test/: each SDK in an environment of its own.
need_clients() {
  need_venv test test/requirements.txt test/requirements-moto.txt
  need_venv prophet-1.1.4 test/requirements-prophet-1.1.4.txt
  need_venv cli test/requirements-cli.txt
  need_venv sagemaker-2 test/sdk/requirements-sagemaker-2.txt
  need_venv sagemaker-3 test/sdk/requirements-sagemaker-3.txt
  need_javascript
}

run_tests() {
  if [ -n "${REFERENCE_DIR:-}" ]; then
    echo "reference data: $REFERENCE_DIR"
  else
    echo "reference data: none (no REFERENCE_DIR, no ../shared): the tests that need it are skipped"
  fi
  need_packages build test
  # Environments are fetched and unpacked by one process at a time: the compilers have the rest of the machine.
  begin "build: release" compile release
  need_clients
  need_s3_server
  need_python_package
  # Old models that lie in Prophet's wheel.
  PROPHET_TESTS_DIR=$(compgen -G "$PWD/.venv/test/lib/python3*/site-packages/prophet/tests" | head -n 1 || true)
  export PROPHET_TESTS_DIR
  keep_going=yes
  await
  tested "ctest: release" ctest_of release
  check "clang-format" check_format
  check "demo" ./run demo
  check "pytest" python_tests 45m $(side_by_side "$(waiting_jobs)") -m "not long"
  check "pytest, Python package" package_tests --numprocesses="$(nproc)" --dist=worksteal
  build_then asan "ctest: AddressSanitizer, UndefinedBehaviorSanitizer" ctest_of asan
  check "fuzzing" fuzz_all "${CHILIAD_FUZZ_SECONDS:-20}"
  build_then tsan "ctest: ThreadSanitizer" ctest_of tsan
  summary
}

# The suites named ...Long of every test program, one program after the other.
long_unit_tests() {
  local program
  for program in build/bin/*_test; do
    "$program" --gtest_list_tests --gtest_filter='*Long.*:*Long/*' | grep -q . || continue
    "$program" --gtest_filter='*Long.*:*Long/*'
  done
}

# The summary is kept with the machine and the commit: bench/results/test-long.txt.
run_long_tests() {
  local kept=bench/results/test-long.txt status=0
  need_packages build test
  need_clients
  need_s3_server
  need_python_package
  build release
  check "long unit tests" long_unit_tests
  check "pytest, long" python_tests 6h -m long
  check "Python package, 2,000 random models" env CHILIAD_RANDOM_MODELS=2000 bash -c "$(declare -f package_tests); package_tests -k random_model"
  check "Python package with every Python" package_with_every_python
  build_then asan "fuzzing" fuzz_all "${CHILIAD_FUZZ_SECONDS:-600}"
  keep_going=yes
  phase "build: each file by itself" build_each_file
  keep_going=no
  {
    echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores"
    echo "commit: $(git rev-parse --short=12 HEAD)   date: $(date -u '+%Y-%m-%d %H:%M') UTC"
    (summary)
  } >$kept || status=$?
  grep -hE 'inputs in [0-9]+ s' build/logs/fuzzing.log >>$kept || true
  cat $kept
  return $status
}

# The programs of bench/ are part of the release tree from here on, until ./run clean.
configure_benchmarks() { cmake --preset release -DCHILIAD_BENCHMARKS=ON; }

bench() {
  need_packages build bench
  need_venv test test/requirements.txt test/requirements-moto.txt
  need_python_package
  need_s3_server
  grep -qs '^CHILIAD_BENCHMARKS:BOOL=ON' build/CMakeCache.txt || phase "configure with benchmarks" configure_benchmarks
  build release chiliad benchmarks
  bench/run "$@"
}

# parity DIR: exit code 0 only if no case fails.
parity() {
  [ $# -ge 1 ] || { echo "usage: ./run parity DIR    a folder of reference cases (*.json, *.json.gz)" >&2; exit 2; }
  need_packages build
  build release chiliad
  build/bin/chiliad parity "$@"
}
