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
    ensure_built
    run_part "$root/inference/install" >&2
    run_part "$root/ingest/install" >&2
    if [[ ${1:-} == test ]]; then
        run_part "$root/Tests/Readers/install" >&2
        run_part "$root/Tests/ObjectStore/install" >&2
        run_part "$root/Tests/Clients/install" >&2
    fi
    exec 9>&-
}

make_run_folder() {
    local trouble
    trouble=$(mkdir -p -- "$root/.run" && head -c 65536 /dev/zero 2>&1 >"$root/.run/probe") ||
        fail "$(id -un) cannot write to $root/.run: ${trouble##*: }."
    rm -f -- "$root/.run/probe"
    [[ ! -e $root/.build || -w $root/.build ]] || fail "$(id -un) cannot write to $root/.build."
}
