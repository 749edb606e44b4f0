#!/usr/bin/env bash
# `make test-service`: boot a clean Debian in a container, install the service in it, and put it through its life.
# `make test-machine`: the same on a computer in QEMU, with a kernel of its own, USB, and a disk that can lose power.
# Needs root, debootstrap and systemd-nspawn. Neither has a network: packages come into the tree while it is made,
# and what requirements.lock names is downloaded beforehand, by hash, and found in a folder.
# usage: run.sh service|machine [words for pytest …]
set -euo pipefail
cd "$(dirname "$0")/../.."

what=$1
shift
suite=bookworm
packages=systemd,systemd-sysv,dbus,udev,python3,python3-venv,make,umockdev # the last one only plays USB modems for udev
kernel=linux-image-amd64,initramfs-tools,zstd,qemu-guest-agent
cache=${SCHOOLGATE_TEST_CACHE:-/var/cache/schoolgate-test-service}

say() { echo "test-$what: $*"; }
cannot() { say "not run: $*"; exit "${SCHOOLGATE_TEST_REQUIRED:-0}"; }
needs() { # tools, and how to get them
  for tool in $1; do command -v "$tool" >/dev/null || cannot "$tool is missing (apt install $2)"; done
}

debian() { # a tree with these packages; its path is in $tree
  tree=$cache/$suite-$(echo "$1" | sha256sum | cut -c1-8)
  [ ! -e "$tree/.complete" ] || return 0
  say "making a clean Debian $suite (two minutes, once) ..."
  rm -rf "$tree"
  debootstrap --variant=minbase --include="$1" "$suite" "$tree" >"$cache/debootstrap.log" 2>&1 ||
    { tail -5 "$cache/debootstrap.log"; cannot 'debootstrap failed'; }
  touch "$tree/.complete"
}

[ "$(id -u)" -eq 0 ] || cannot 'only root can boot a container'
needs 'debootstrap systemd-nspawn nsenter' 'debootstrap systemd-container'
[ -x .venv/bin/pytest ] || make --no-print-directory .venv/dev.stamp
mkdir -p "$cache"
case $what in
  service)
    debian "$packages"
    tests=(tests/service --ignore tests/service/computer)
    export SCHOOLGATE_TEST_TREE=$tree
    ;;
  machine)
    needs 'qemu-system-x86_64 mke2fs' 'qemu-system-x86 e2fsprogs'
    [ "$(dpkg --print-architecture)" = amd64 ] || cannot 'only written for amd64'
    debian "$packages,$kernel"
    tests=(tests/service/computer)
    export SCHOOLGATE_TEST_BOOTABLE=$tree
    ;;
esac

wheels=$cache/wheels-$(sha256sum requirements.lock | cut -c1-8)
if [ ! -e "$wheels/.complete" ]; then
  minor=$(chroot "$tree" python3 -c 'import sys; print(sys.version_info.minor)')
  say "downloading what requirements.lock names, for Python 3.$minor ..."
  .venv/bin/python -m pip --quiet download --require-hashes --no-deps --only-binary :all: --dest "$wheels" \
    --python-version "3.$minor" --implementation cp --abi "cp3$minor" --abi abi3 --abi none --requirement requirements.lock
  touch "$wheels/.complete"
fi

SCHOOLGATE_TEST_WHEELS=$wheels \
  exec .venv/bin/python -m pytest -p no:xdist -p no:cacheprovider -v --timeout 600 "${tests[@]}" "$@"
