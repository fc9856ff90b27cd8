# shellcheck shell=bash
# What each benchmark needs before it measures: executables, a lock, room, a database.

# ready_to_measure AS_BUILT EXECUTABLE... – locks, sets up and builds; with AS_BUILT set it only looks for the executables.
ready_to_measure() {
    local as_built=$1 executable
    shift
    make_run_folder
    lock_bench
    if [[ -z $as_built ]]; then
        set_up
        return
    fi
    for executable in "$@"; do
        [[ -x $root/$executable ]] || fail "nothing is built here yet: run scripts/setup, or leave --as-built out."
    done
}

# run_bench PYTHON MODULE MEGABYTES WHAT ARGUMENT... – measures, with a database and a folder for raw results, where there is room.
# $more_modules: one more folder with modules of Python.
run_bench() {
    local python=$1 module=$2
    own_folder "$root/benchmarks/results"
    require_space "$3" "$4"
    shift 4
    start_own_database
    run_part env -C "$root" PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$root/benchmarks${more_modules:+:$more_modules}" \
        "$python" -m "$module" "$@" --psql "$postgres_bin/psql" --database-url "$database_url" \
        --database-pid "$database_pid" --folder "$own_home"
}
