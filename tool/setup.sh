# Sourced by ./run: installs Debian packages and Python environments, and asks nothing. What is there already costs
# milliseconds: packages are looked up in dpkg's own state, an environment carries the hash of its requirements.

# packages_of GROUP...: the packages of these groups in tool/debian_packages.txt.
packages_of() {
  local group
  for group in "$@"; do awk -v group="$group" '$1 == group { print $2 }' tool/debian_packages.txt; done | sort -u
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

# On a system whose packages have other names: say what is needed and leave the choice to the person.
refuse_unknown_system() {
  cat >&2 <<TEXT
./run installs packages on Debian 12 only; this is $(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-an unknown system}").
chiliad needs:
  commands   g++ >= 12, cmake >= 3.25, ninja >= 1.11, pkg-config, python3 >= 3.11 with venv, curl,
             bwrap >= 0.8, unshare and prlimit of util-linux >= 2.38
  libraries  Boost >= 1.81 (headers), fmt >= 9, CLI11 >= 2.1, simdjson >= 3.0, nlohmann JSON >= 3.11, toml++ >= 3.3, pugixml >= 1.13,
             RE2, SQLite >= 3.40, xxHash >= 0.8, libdeflate >= 1.14, ISA-L >= 2.30, libarchive >= 3.6, libcurl >= 7.88,
             OpenSSL >= 3.0, zlib, GoogleTest and GoogleMock >= 1.12
  ./run test clang >= 16 with compiler-rt as clang++-16, lld 16,
             clang-format 16 as clang-format-16, node and npm >= 18
  ./run bench  Google Benchmark >= 1.7, nginx, wrk >= 4.1, taskset
With these in place, CHILIAD_PACKAGES=present ./run $command goes on without looking for packages.
TEXT
  exit 1
}

# need_packages GROUP...
need_packages() {
  [ "${CHILIAD_PACKAGES:-}" = present ] && return 0
  (. /etc/os-release 2>/dev/null && [ "$ID" = debian ] && [ "$VERSION_ID" = 12 ]) || refuse_unknown_system
  local missing as_root=()
  missing=$(missing_packages $(packages_of "$@"))
  [ -z "$missing" ] && return 0
  missing=$(echo $missing)
  if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then
      as_root=(sudo -n env DEBIAN_FRONTEND=noninteractive)
    else
      echo "./run: Debian packages are missing. As root:" >&2
      echo "  apt-get update && apt-get install -y --no-install-recommends $missing" >&2
      exit 1
    fi
  fi
  # ccache only saves time on the second build: taken along when others are installed anyway.
  missing="$missing $(echo $(missing_packages $(packages_of optional)))"
  phase "Debian packages: $missing" install_packages
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 install -y --no-install-recommends $missing
}

# need_venv NAME REQUIREMENTS...: .venv/NAME holds exactly the pinned packages of these files.
need_venv() {
  local folder=.venv/$1 python=/usr/bin/python3 stamp
  shift
  [ -x "$python" ] || python=$(command -v python3)
  stamp=$({ cat "$@"; "$python" --version; pwd; } | sha256sum | cut -d' ' -f1)
  [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ] && return 0
  phase "Python environment $folder ($*)" make_venv "$@"
}

make_venv() {
  rm -rf "$folder"
  "$python" -m venv "$folder"
  # One -r a file.
  "$folder/bin/python" -m pip install --disable-pip-version-check --quiet --retries 5 "${@/#/--requirement=}"
  echo "$stamp" >"$folder/.stamp"
}

# need_javascript: .venv/javascript/node_modules holds the packages of test/sdk/javascript, as its lock file says.
need_javascript() {
  local folder=.venv/javascript stamp
  command -v node >/dev/null && command -v npm >/dev/null || need_packages javascript
  stamp=$({ cat test/sdk/javascript/package-lock.json; node --version; } | sha256sum | cut -d' ' -f1)
  [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ] && return 0
  phase "JavaScript packages $folder" make_javascript
}

make_javascript() {
  rm -rf "$folder"
  mkdir -p "$folder"
  cp test/sdk/javascript/package.json test/sdk/javascript/package-lock.json "$folder"
  (cd "$folder" && npm ci --no-audit --no-fund)
  echo "$stamp" >"$folder/.stamp"
}

# need_python_wheel: build/wheels holds a wheel of the Python package, built from this tree for the system's Python: what
# programs of users get where CHILIAD_ACCELERATE is 1.
need_python_wheel() {
  need_venv wheel python/requirements-build.txt
  local stamp
  stamp=$({ cat .venv/wheel/.stamp; find python/engine python/chiliad python/*.* src/base src/forecast src/sample CMakeLists.txt pyproject.toml -type f \
    ! -name '*_test.cc' ! -name '*_fuzz.cc' ! -path '*_corpus/*' ! -name '*.pyc' | LC_ALL=C sort | xargs cat; } | sha256sum | cut -d' ' -f1)
  [ "$(cat build/wheels/.stamp 2>/dev/null)" = "$stamp" ] && return 0
  phase "Python package: build/wheels" make_python_wheel
}

# What builds it is in the environment, in exact versions: nothing is fetched for each build.
make_python_wheel() {
  rm -rf build/wheels
  CMAKE_BUILD_PARALLEL_LEVEL=$(jobs) .venv/wheel/bin/python -m pip wheel --disable-pip-version-check --quiet --no-deps --no-build-isolation \
    --wheel-dir build/wheels .
  echo "$stamp" >build/wheels/.stamp
}

# need_python_package: .venv/python holds the Python package, and what its tests need.
need_python_package() {
  need_venv python test/requirements.txt python/test/requirements.txt
  need_python_wheel
  local folder=.venv/python stamp
  stamp=$(cat "$folder/.stamp" build/wheels/.stamp | sha256sum | cut -d' ' -f1)
  [ "$(cat "$folder/.package" 2>/dev/null)" = "$stamp" ] && return 0
  phase "Python package: .venv/python" install_python_package
}

install_python_package() {
  "$folder/bin/python" -m pip install --disable-pip-version-check --quiet --no-deps --force-reinstall build/wheels/chiliad-*.whl
  echo "$stamp" >"$folder/.package"
}
