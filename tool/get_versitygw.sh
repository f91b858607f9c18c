#!/usr/bin/env bash
# Prints the path of an S3 server for the tests (versitygw), building it once if a Go of at least 1.24 is at hand.
#
#   server=$(tool/get_versitygw.sh) && CHILIAD_TEST_S3_SERVER=$server ctest ...
#
# It lands in $CHILIAD_CACHE or ~/.cache/chiliad, under bin/; building takes about 200 s on 2 cores, 84 MB. Exit code 1
# with a line on standard error when it cannot be had: then use moto from PyPI
# (CHILIAD_TEST_S3_SERVER=moto:/path/to/python), which checks no signatures.
set -eu

version=v1.8.0
bin=${CHILIAD_CACHE:-$HOME/.cache/chiliad}/bin
server=$bin/versitygw-$version

if [ -x "$server" ]; then
  echo "$server"
  exit 0
fi
if ! command -v go >/dev/null; then
  echo "versitygw: no Go compiler (1.24 or newer) to build it with" >&2
  exit 1
fi
# "go1.26.8" -> 1 26
read -r major minor _ <<<"$(go env GOVERSION | sed 's/^go//' | tr . ' ')"
if [ "$major" -lt 1 ] || { [ "$major" -eq 1 ] && [ "${minor%%[!0-9]*}" -lt 24 ]; }; then
  echo "versitygw: Go $major.$minor is older than 1.24" >&2
  exit 1
fi
mkdir -p "$bin"
building=$(mktemp -d "$bin/building-XXXXXX")
trap 'rm -rf "$building"' EXIT
echo "versitygw: building $version (once, a few minutes)" >&2
if ! GOBIN=$building timeout 900 go install "github.com/versity/versitygw/cmd/versitygw@$version" >&2; then
  echo "versitygw: could not be built; is there a network?" >&2
  exit 1
fi
mv "$building/versitygw" "$server"
echo "$server"
