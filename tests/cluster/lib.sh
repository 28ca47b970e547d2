# What `cluster` and `tools` share: where things are, locks, Debian packages, errors of one line.
cache=${CLUSTER_CACHE:-$HOME/.cache/sre-watchdog-cluster}
export DEBIAN_FRONTEND=noninteractive

die() { echo "${0##*/}: $*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || die "needs $1 ($2)"; }  # need COMMAND WHERE_FROM

locked() {  # locked NAME COMMAND...: one at a time on this machine
  mkdir -p "$cache"
  (flock 9; "${@:2}") 9> "$cache/$1.lock"
}

apt() {  # apt ARGUMENTS...: apt-get, quiet unless it fails, once more with fresh lists
  local log=$cache/apt.log
  apt-get -qq -o DPkg::Lock::Timeout=300 "$@" > "$log" 2>&1 && return
  { apt-get -qq update && apt-get -qq -o DPkg::Lock::Timeout=300 "$@"; } > "$log" 2>&1 || die "apt-get $* failed: see $log"
}

packages() {  # packages NAME...: installs what is missing; none of their services is started, now or at boot
  local missing=() name guard=
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "needs root to install ${missing[*]}"
  [ -e /usr/sbin/policy-rc.d ] || { guard=/usr/sbin/policy-rc.d; printf '#!/bin/sh\nexit 101\n' > $guard; chmod +x $guard; }
  (apt install -y --no-install-recommends "${missing[@]}") || { rm -f $guard; exit 1; }
  rm -f $guard
  [ ! -d /run/systemd/system ] || for name in "${missing[@]}"; do systemctl disable -q "$name" 2>/dev/null || true; done
}
