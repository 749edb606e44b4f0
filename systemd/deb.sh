#!/bin/sh
# Build dist/schoolgate_VERSION_ARCH.deb: the same files as `make install`, under /usr instead of /usr/local.
# usage: [SYSTEM_PYTHON=/usr/bin/python3] deb.sh
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
python=${SYSTEM_PYTHON:-/usr/bin/python3}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../pyproject.toml")
arch=$(dpkg --print-architecture)
minor=$("$python" -c 'import sys; print(sys.version_info.minor)')
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

DESTDIR=$tree PREFIX=/usr SYSTEM_PYTHON=$python sh "$here/install.sh" install
mkdir -p "$tree/DEBIAN" "$tree/usr/share/doc/schoolgate"
cp "$here/../CHANGELOG.md" "$here"/../docs/*.md "$tree/usr/share/doc/schoolgate/"
cp "$here/../LICENSE" "$tree/usr/share/doc/schoolgate/copyright"
gzip -9n "$tree/usr/share/man/man1/schoolgate.1"

cat >"$tree/DEBIAN/control" <<END
Package: schoolgate
Version: $version
Architecture: $arch
Maintainer: Schoolgate maintainers <schoolgate@localhost>
Depends: python3 (>= 3.$minor), python3 (<< 3.$((minor + 1))), systemd (>= 252), udev
Section: comm
Priority: optional
Installed-Size: $(du -sk "$tree" | cut -f1)
Description: self-hosted SMS gateway that schools can trust
 Sends and receives text messages with local GSM modems, checks every one
 against the organisation's policy, and acts on STOP when it arrives.
END
printf '%s\n' /etc/schoolgate/schoolgate.toml /etc/schoolgate/policy.toml >"$tree/DEBIAN/conffiles"
for script in preinst postinst prerm postrm; do install -m 0755 "$here/deb/$script" "$tree/DEBIAN/$script"; done

mkdir -p "$here/../dist"
out=$here/../dist/schoolgate_${version}_$arch.deb
dpkg-deb --root-owner-group -Zxz -z1 --build "$tree" "$out" >/dev/null
echo "$(cd "$(dirname "$out")" && pwd)/$(basename "$out")"
