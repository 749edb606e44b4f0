#!/bin/sh
# Build a release of Schoolgate: a virtual environment with what requirements.lock names, by hash, and Schoolgate.
# usage: release.sh SOURCE ROOT PYTHON        prints the release's directory, without ROOT
set -eu
source=$1 root=$2 python=$3
opt=/opt/schoolgate

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$source/pyproject.toml")
digest=$(cd "$source" && find gateway api policy systemd pyproject.toml requirements.lock -type f ! -name '*.pyc' -print0 |
  LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-8)
release=$opt/releases/$version-$digest
made=$root$release

if [ ! -e "$made/.complete" ]; then
  "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo 'Python 3.11 or newer with venv is needed. On Debian: apt install python3-venv' >&2; exit 1; }
  rm -rf "$made"
  mkdir -p "$root$opt/releases"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$source" && cp -r gateway api policy pyproject.toml README.md LICENSE "$work")
  "$python" -m venv "$made"
  pip() { PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore "$made/bin/python" -m pip --quiet "$@" >&2; }
  pip install --no-compile --require-hashes --no-deps --only-binary :all: --requirement "$source/requirements.lock" || {
    rm -rf "$made"
    echo 'schoolgate: not all of requirements.lock could be fetched (see above), and nothing was changed' >&2
    echo 'schoolgate: without a network: make deb on a machine that has one; docs/operations.md, Upgrade' >&2; exit 1; }
  pip install --no-compile --no-index --no-deps --no-build-isolation "$work"
  pip uninstall --yes setuptools pip
  # What the environment is called when it is in its place.
  grep -rlI --null -- "$made" "$made/bin" "$made/pyvenv.cfg" | xargs -0 -r sed -i "s|$made|$release|g"
  find "$made" -name __pycache__ -prune -exec rm -rf {} +
  "$made/bin/python" -m compileall -q -j 0 -s "$made" -p "$release" "$made/lib" >&2
  cp -r "$source/systemd" "$made/systemd" # what is laid when somebody goes back to it
  chmod -R u=rwX,go=rX "$made"
  touch "$made/.complete"
fi
echo "$release"
