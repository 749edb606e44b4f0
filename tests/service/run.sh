#!/usr/bin/env bash
# `make test-service`: boot a clean Debian in a container, install the service in it, and put it through its life.
# Needs root, debootstrap and systemd-nspawn. The container has no network: packages come into its tree while it is
# made, and what requirements.lock names is downloaded beforehand, by hash, and found in a folder.
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=bookworm
packages=systemd,systemd-sysv,dbus,udev,python3,python3-venv,make,umockdev # the last one only plays USB modems for udev
cache=${SCHOOLGATE_TEST_CACHE:-/var/cache/schoolgate-test-service}

cannot() { echo "test-service: not run: $*"; exit "${SCHOOLGATE_TEST_REQUIRED:-0}"; }

[ "$(id -u)" -eq 0 ] || cannot 'only root can boot a container'
for tool in debootstrap systemd-nspawn nsenter; do
  command -v "$tool" >/dev/null || cannot "$tool is missing (apt install debootstrap systemd-container)"
done

[ -x .venv/bin/pytest ] || make --no-print-directory .venv/dev.stamp
mkdir -p "$cache"
tree=$cache/$suite-$(echo "$packages" | sha256sum | cut -c1-8)
if [ ! -e "$tree/.complete" ]; then
  echo "test-service: making a clean Debian $suite (two minutes, once) ..."
  rm -rf "$tree"
  debootstrap --variant=minbase --include="$packages" "$suite" "$tree" >"$cache/debootstrap.log" 2>&1 ||
    { tail -5 "$cache/debootstrap.log"; cannot 'debootstrap failed'; }
  touch "$tree/.complete"
fi

wheels=$cache/wheels-$(sha256sum requirements.lock | cut -c1-8)
if [ ! -e "$wheels/.complete" ]; then
  minor=$(chroot "$tree" python3 -c 'import sys; print(sys.version_info.minor)')
  echo "test-service: downloading what requirements.lock names, for Python 3.$minor ..."
  .venv/bin/python -m pip --quiet download --require-hashes --no-deps --only-binary :all: --dest "$wheels" \
    --python-version "3.$minor" --implementation cp --abi "cp3$minor" --abi abi3 --abi none --requirement requirements.lock
  touch "$wheels/.complete"
fi

SCHOOLGATE_TEST_TREE=$tree SCHOOLGATE_TEST_WHEELS=$wheels \
  exec .venv/bin/python -m pytest -p no:xdist -p no:cacheprovider -v --timeout 600 tests/service "$@"
