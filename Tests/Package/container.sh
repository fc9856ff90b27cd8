# shellcheck shell=bash
# A clean Debian in a container of systemd-nspawn. Guarantees: the packages come from where this machine's own apt gets
# them; once booted, the container has no network but its own loopback; nothing of it is left running.

readonly roots=$root/.run/package-root container=$root/.run/package-root/container journal=$root/.run/package-test.log
# What the test works with, and what the service works with but does not bring along.
readonly base_packages=systemd,systemd-sysv,dbus,ca-certificates,curl,openssl,procps,python3,postgresql,nginx,caddy,python3-seccomp
nspawn='' leader=''

codename() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# The sources of this machine's own distribution, as lines of a sources.list.
own_sources() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v own="$(codename)" '$2 == own || index($2, own "-") == 1 { print "deb", $1, $2, $3 }' | sort -u
}

# ensure_base – answers in $base a Debian with $base_packages, made anew each month and when the list changes.
ensure_base() {
    local key mirror
    key=$(printf '%s' "$(codename) $(date +%Y-%m) $base_packages" | sha256sum | cut -c 1-12)
    base=$roots/base-$key
    [[ ! -d $base ]] || return 0
    say "Making a clean Debian, once a month …"
    rm -rf -- "$roots"/base-*
    mirror=$(own_sources | awk -v own="$(codename)" '$3 == own { print $2; exit }')
    [[ -n $mirror ]] || fail "apt on this machine has no source of $(codename)."
    debootstrap --variant=minbase --include="$base_packages" "$(codename)" "$base.new" "$mirror" >"$journal" 2>&1 ||
        fail "debootstrap failed: $(tail -n 1 "$journal") (log: $journal)"
    own_sources >"$base.new/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::.*(Proxy|CaInfo|Check-)' >"$base.new/etc/apt/apt.conf.d/90host" || true
    rm -f -- "$base.new"/etc/systemd/system/multi-user.target.wants/{nginx,caddy}.service
    # A first update also installs what was corrected since the release.
    in_base_container "$base.new" 'apt-get -qq update && apt-get -qq -y upgrade' >>"$journal" 2>&1 ||
        fail "the clean Debian could not be updated: $(tail -n 1 "$journal") (log: $journal)"
    mv -- "$base.new" "$base"
}

# in_base_container FOLDER SHELL-COMMAND – with this machine's network, without booting: no service starts.
in_base_container() {
    mkdir -p -- "$roots/archives"
    systemd-nspawn -q -D "$1" --register=no --keep-unit --resolv-conf=copy-host --pipe \
        --bind="$roots/archives:/var/cache/apt/archives" --bind-ro="$roots/packages:/packages" \
        --setenv=DEBIAN_FRONTEND=noninteractive /bin/sh -euc "$2" </dev/null
}

make_container() {
    rm -rf -- "$container"
    cp -a --reflink=auto -- "$base" "$container"
    at_exit+=(remove_container)
}

install_packages() {
    in_base_container "$container" \
        'apt-get -qq update && apt-get -qq -y install --no-install-recommends /packages/*.deb' >"$journal" 2>&1 ||
        fail "apt could not install the packages: $(tail -n 3 "$journal") (log: $journal)"
}

boot_container() {
    local turns=0
    setsid -- systemd-nspawn -q -D "$container" --register=no --keep-unit --private-network --resolv-conf=off \
        --link-journal=no --bind-ro="$here:/test" --bind-ro="$root/samples:/samples" --bind-ro="$roots/packages:/packages" \
        --bind-ro="$root/deploy:/deploy"         --boot >"$journal" 2>&1 </dev/null &
    nspawn=$!
    until leader=$(pgrep -P "$nspawn" | head -n 1) && inside systemctl is-system-running --wait >/dev/null 2>&1 ||
        [[ $(inside systemctl is-system-running 2>/dev/null) == degraded ]]; do
        kill -0 "$nspawn" 2>/dev/null || fail "the container did not boot: $(tail -n 1 "$journal") (log: $journal)"
        ((turns++ < 600)) || fail "the container did not boot in a minute (log: $journal)."
        sleep 0.1
    done
}

# inside COMMAND... – runs a command in the booted container, as its root.
inside() {
    nsenter -t "$leader" -m -u -i -n -p -- \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}

remove_container() {
    if [[ -n $leader ]] && kill -0 "$nspawn" 2>/dev/null; then
        inside journalctl --no-pager -b >"$journal" 2>&1 || true
        kill -KILL "$leader" 2>/dev/null || true
        wait "$nspawn" 2>/dev/null || true
    fi
    rm -rf --one-file-system -- "$container"
}
