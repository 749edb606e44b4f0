#!/bin/sh
# Lay Schoolgate on a system: `install`, `upgrade`, `rollback` and `uninstall`, as the Makefile calls them.
# usage: [DESTDIR=…] [PREFIX=/usr/local] [SYSTEM_PYTHON=/usr/bin/python3] install.sh ACTION
#        [BACKUP=no] install.sh install|upgrade     without the backup that goes before another release
#        [RESTORE=yes] install.sh rollback          and puts back the newest backup that the earlier release can read
# With DESTDIR nothing outside it is touched and nothing is started: that is how the package is built.
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
root=${DESTDIR:-}
prefix=${PREFIX:-/usr/local}
python=${SYSTEM_PYTHON:-/usr/bin/python3}
opt=/opt/schoolgate
config=/etc/schoolgate/schoolgate.toml
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
  if [ -n "$before" ] && [ "$before" != "$release" ]; then back_up; fi
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
  do_install
}

back_up() { # just before another release takes over: it may change the database for good
  booted && [ -e /var/lib/schoolgate/schoolgate.db ] && [ "${BACKUP:-}" != no ] || return 0
  say 'backup before the change ...'
  systemctl start schoolgate-backup.service || {
    say 'the backup failed, and nothing was changed: journalctl -u schoolgate-backup' >&2
    say 'to go on without a backup: sudo make upgrade BACKUP=no' >&2; exit 1; }
}

do_rollback() {
  [ -e "$opt/previous" ] || { say 'there is no earlier release to go back to' >&2; exit 1; }
  back=$(readlink "$opt/previous")
  [ "${RESTORE:-}" = yes ] || can_go_on "$back"
  halt
  trap resume EXIT # whatever fails from here on
  if [ "${RESTORE:-}" = yes ] && ! "$back/bin/schoolgate" restore --yes --config "$config"; then
    say 'no backup was put back, and nothing was changed' >&2; exit 1
  fi
  ln -sfn "$(readlink "$opt/current")" "$opt/previous"
  point "$back"
  if [ -d "$back/systemd" ]; then here=$back/systemd; fi # its own units
  lay_files "$back"
  trap - EXIT
  resume
  say "back at $(basename "$back")"
}

can_go_on() { # an earlier release refuses a database that a newer one has changed
  [ -e "$config" ] || return 0
  "$1/bin/schoolgate" check-config --without-keys --config "$config" >/dev/null || {
    say "$(basename "$1") cannot go on with what is there, and nothing was changed" >&2
    say 'if the newer release changed the database: sudo make rollback RESTORE=yes   (docs/operations.md)' >&2
    exit 1; }
}

halt() {
  up=''
  booted || return 0
  for unit in schoolgate.socket schoolgate.service; do
    case $(systemctl is-active $unit) in active | activating | failed) up="$up $unit" ;; esac
  done
  systemctl --quiet stop schoolgate.socket schoolgate.service
}

resume() {
  booted || return 0
  systemctl daemon-reload
  [ -n "$up" ] || return 0
  systemctl reset-failed $up 2>/dev/null || true
  systemctl start $up
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
