# shellcheck shell=bash
# All of the set-up, as scripts/setup, scripts/run and scripts/test share it.

# set_up [test] – one at a time in a checkout (lock 9); whoever waited finds most of it done.
set_up() {
    make_run_folder
    ensure_packages "${1:-}"
    ensure_swift
    exec 9>"$root/.run/setup.lock"
    if ! flock -n 9; then
        say "Another set-up of this checkout is under way; waiting for it …"
        flock 9
    fi
    start_installs "${1:-}"
    ensure_built
    await_installs
    exec 9>&-
}

# The session that `start_installs` started, until it has been waited for.
installing=
readonly install_log=$root/.run/install.log

# start_installs [test] – installs the Python environments and the model while the executables are built: a build leaves
# a core idle at times, and an installation waits for the network.
start_installs() {
    local installs=("$root/inference/install" "$root/ingest/install")
    if [[ $1 == test ]]; then
        installs+=("$root/inference/ray-install" "$root"/Tests/{Readers,ObjectStore,Clients,Dashboard,Package}/install)
    fi
    at_exit+=(end_installs)
    # shellcheck disable=SC2016
    setsid -- bash -c 'for install; do "$install" || exit; done' installs "${installs[@]}" \
        >"$install_log" 2>&1 </dev/null 7>&- 8>&- 9>&- &
    installing=$!
}

# Shows what the installations said so far and will say; they say themselves why they failed.
await_installs() {
    local status=0
    run_child tail -n +1 -f -s 0.1 --pid="$installing" -- "$install_log" >&2 || true
    wait "$installing" || status=$?
    installing=
    ((status == 0)) || {
        failure_said=1
        exit 1
    }
}

end_installs() {
    [[ -z $installing ]] || end_session "$installing"
}

make_run_folder() {
    local trouble
    trouble=$(mkdir -p -- "$root/.run" && head -c 65536 /dev/zero 2>&1 >"$root/.run/probe") ||
        fail "$(id -un) cannot write to $root/.run: ${trouble##*: }."
    rm -f -- "$root/.run/probe"
    [[ ! -e $root/.build || -w $root/.build ]] || fail "$(id -un) cannot write to $root/.build."
}
