# shellcheck shell=bash
# The options of a benchmark, and what each needs before it measures: executables, a lock, room, a database.

# read_options COMMAND OPTION... -- ARGUMENT... – sets the caller's variables to what the arguments say. An option is:
#   --name                a switch: sets $name to 1; --no-name sets it to nothing
#   --name PATTERN WORDS  has a value that fits the whole pattern, else a message says that it wants WORDS
#   --name @FUNCTION      gives its value to a function, which sets what it likes or ends the run
# --help prints what COMMAND_usage says.
read_options() {
    local command=$1 option kind words name
    local -A kinds=() wanted=()
    shift
    while [[ $1 != -- ]]; do
        read -r option kind words <<<"$1"
        kinds[=$option]=${kind:-switch} wanted[=$option]=$words
        shift
    done
    shift
    while (($# > 0)); do
        option=$1
        case $option in
        -h | --help)
            "${command}_usage"
            exit 0
            ;;
        esac
        kind=${kinds[=$option]:-}
        name=${option#--}
        name=${name//-/_}
        case $kind in
        '') fail -s "$EX_USAGE" "unknown argument $option; see scripts/bench $command --help." ;;
        switch)
            if [[ $name == no_* ]]; then printf -v "${name#no_}" ''; else printf -v "$name" 1; fi
            ;;
        @*)
            "${kind#@}" "${2:-}" "$option"
            shift
            ;;
        *)
            [[ ${2:-} =~ ^$kind$ ]] || fail -s "$EX_USAGE" "$option wants ${wanted[=$option]}."
            printf -v "$name" '%s' "$2"
            shift
            ;;
        esac
        shift
    done
}

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
run_bench() {
    local python=$1 module=$2
    own_folder "$root/benchmarks/results"
    require_space "$3" "$4"
    shift 4
    start_bench_database
    run_part env -C "$root" PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$root/benchmarks" \
        "$python" -m "$module" "$@" --psql "$postgres_bin/psql" --database-url "$database_url" \
        --database-pid "$database_pid" --folder "$bench_home"
}
