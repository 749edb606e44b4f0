#!/bin/sh
# Lay Schoolgate on a system: `install`, `upgrade`, `rollback` and `uninstall`, as the Makefile calls them.
# usage: [DESTDIR=…] [PREFIX=/usr/local] [SYSTEM_PYTHON=/usr/bin/python3] install.sh ACTION
# With DESTDIR nothing outside it is touched and nothing is started: that is how the package is built.
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
root=${DESTDIR:-}
prefix=${PREFIX:-/usr/local}
python=${SYSTEM_PYTHON:-/usr/bin/python3}
opt=/opt/schoolgate
units='schoolgate.service schoolgate.socket schoolgate-backup.service schoolgate-backup.timer schoolgate-restore-check.service schoolgate-restore-check.timer'
started='schoolgate.service schoolgate-backup.timer schoolgate-restore-check.timer'

say() { echo "schoolgate: $*"; }
live() { [ -z "$root" ]; }
booted() { live && [ -d /run/systemd/system ]; }
put() { install -D -m 0644 "$1" "$root$2"; }

as_root() {
  live || return 0
  [ "$(id -u)" -eq 0 ] || { say "only root can do that: sudo make $1" >&2; exit 1; }
  if dpkg-query -W -f '${db:Status-Status}' schoolgate 2>/dev/null | grep -qx installed; then
    say 'this machine has the Debian package; install a newer package instead' >&2; exit 1
  fi
}

point() { # the link is replaced in one step: there is always a release
  ln -sfn "$1" "$root$opt/current.new"
  mv -T "$root$opt/current.new" "$root$opt/current"
}

lay_files() {
  for unit in $units; do put "$here/$unit" "$prefix/lib/systemd/system/$unit"; done
  put "$here/schoolgate.sysusers" "$prefix/lib/sysusers.d/schoolgate.conf"
  put "$here/schoolgate.tmpfiles" "$prefix/lib/tmpfiles.d/schoolgate.conf"
  put "$here/schoolgate-modem.rules" "$prefix/lib/udev/rules.d/70-schoolgate-modem.rules"
  manual="$root$1/bin/python -m gateway.cli.manual"
  made=$(mktemp)
  $manual man >"$made" && put "$made" "$prefix/share/man/man1/schoolgate.1"
  $manual bash >"$made" && put "$made" "$prefix/share/bash-completion/completions/schoolgate"
  $manual zsh >"$made" && put "$made" "$prefix/share/zsh/vendor-completions/_schoolgate"
  $manual fish >"$made" && put "$made" "$prefix/share/fish/vendor_completions.d/schoolgate.fish"
  rm -f "$made"
  mkdir -p "$root$prefix/bin"
  ln -sfn "$opt/current/bin/schoolgate" "$root$prefix/bin/schoolgate"
}

lay_configuration() { # what is there stays as it is
  policy=$here/../policy/default.toml
  [ -e "$root/etc/schoolgate/schoolgate.toml" ] || put "$here/schoolgate.toml" /etc/schoolgate/schoolgate.toml
  [ -e "$root/etc/schoolgate/policy.toml" ] || put "$policy" /etc/schoolgate/policy.toml
}

settle() {
  live || return 0
  systemd-sysusers "$prefix/lib/sysusers.d/schoolgate.conf"
  systemd-tmpfiles --create "$prefix/lib/tmpfiles.d/schoolgate.conf"
  booted || return 0
  systemctl daemon-reload
  systemctl --quiet enable $started
  systemctl --quiet start schoolgate-backup.timer schoolgate-restore-check.timer
  if [ -S /run/udev/control ]; then
    udevadm control --reload && udevadm trigger --subsystem-match=usb --subsystem-match=tty
  fi
}

restart_if_running() {
  if booted && systemctl --quiet is-active schoolgate.service; then
    systemctl restart schoolgate.service && say 'restarted'
  fi
}

do_install() {
  say 'building the release (a few minutes on a small machine) ...'
  release=$(sh "$here/release.sh" "$here/.." "$root" "$python")
  before=$(readlink "$root$opt/current" 2>/dev/null || true)
  point "$release"
  lay_files "$release"
  lay_configuration
  settle
  if [ -n "$before" ] && [ "$before" != "$release" ]; then
    ln -sfn "$before" "$root$opt/previous"
    prune
  fi
  restart_if_running
  say "installed $(basename "$release")"
  if live && [ ! -e /etc/schoolgate/schoolgate.keys ]; then
    say "next: sudo schoolgate init --system   (docs/quickstart.md)"
  fi
}

do_upgrade() {
  [ -e "$root$opt/current" ] || { say 'nothing is installed here; use: sudo make install' >&2; exit 1; }
  if booted && [ -e /var/lib/schoolgate/schoolgate.db ]; then
    say 'backup before the upgrade ...'
    systemctl start schoolgate-backup.service || {
      say 'the backup failed, nothing was changed: journalctl -u schoolgate-backup' >&2; exit 1; }
  fi
  do_install
}

do_rollback() { # a database that the newer release has changed is refused by the older one, with the way out
  [ -e "$opt/previous" ] || { say 'there is no earlier release to go back to' >&2; exit 1; }
  back=$(readlink "$opt/previous")
  ln -sfn "$(readlink "$opt/current")" "$opt/previous"
  point "$back"
  restart_if_running
  say "back at $(basename "$back")"
}

prune() { # two releases are kept: the present one and the one before
  for each in "$root$opt"/releases/*; do
    case $opt/releases/$(basename "$each") in
      "$(readlink "$root$opt/current")" | "$(readlink "$root$opt/previous")") ;;
      *) rm -rf "$each" ;;
    esac
  done
}

do_uninstall() {
  if booted; then systemctl --quiet disable --now $started schoolgate.socket 2>/dev/null || true; fi
  for unit in $units; do rm -f "$root$prefix/lib/systemd/system/$unit"; done
  rm -f "$root$prefix/lib/sysusers.d/schoolgate.conf" "$root$prefix/lib/tmpfiles.d/schoolgate.conf" \
    "$root$prefix/lib/udev/rules.d/70-schoolgate-modem.rules" "$root$prefix/share/man/man1/schoolgate.1" \
    "$root$prefix/share/bash-completion/completions/schoolgate" "$root$prefix/bin/schoolgate" \
    "$root$prefix/share/zsh/vendor-completions/_schoolgate" "$root$prefix/share/fish/vendor_completions.d/schoolgate.fish"
  rm -rf "$root$opt"
  if booted; then systemctl daemon-reload; fi
  say 'removed. Kept: /etc/schoolgate, /var/lib/schoolgate, /var/backups/schoolgate and the user schoolgate.'
}

case ${1:-} in
  install | upgrade | rollback | uninstall) as_root "$1" && "do_$1" ;;
  *) echo 'usage: install.sh install|upgrade|rollback|uninstall' >&2; exit 2 ;;
esac
