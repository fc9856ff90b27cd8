# shellcheck shell=bash
# customers' answers while somebody floods the service
# The measuring is benchmarks/floods, in Python without packages; here is what it needs: executables, a database.

floods_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench floods [--case NAME]... [--seconds N] [--rate N] [--as-built]

Starts `verbatim api`, four customers who look, refresh and log in, and beside them a flood from another address; first
without one. Prints how many of the customers' answers were right, how long they took, and how many lines the log has. Exit 1
when fewer than 99 % were right. Raw results go to benchmarks/results/.

  --case NAME   a flood of benchmarks/floods/cases.py, such as revocations (default: all)
  --seconds N   how long each lasts (default 30)
  --rate N      the flood's requests a second, at most (default 5000)
  --as-built    measure the executables as they are; neither set up nor build
TEXT
}

bench_floods() {
    local seconds=30 rate=5000 as_built='' cases=()
    local option
    while (($# > 0)); do
        option=$1
        case $option in
        --as-built) as_built=1 ;;
        -h | --help)
            floods_usage
            exit 0
            ;;
        --case)
            [[ ${2:-} =~ ^[a-z_]+$ && -f $root/benchmarks/floods/cases.py ]] &&
                grep -q "^    \"$2\": " "$root/benchmarks/floods/cases.py" ||
                fail -s "$EX_USAGE" "--case wants the name of a flood; see benchmarks/floods/cases.py."
            cases+=(--case "$2")
            shift
            ;;
        --seconds)
            [[ ${2:-} =~ ^[1-9][0-9]{0,3}$ ]] || fail -s "$EX_USAGE" "--seconds wants a number from 1 to 9999."
            seconds=$2
            shift
            ;;
        --rate)
            [[ ${2:-} =~ ^[1-9][0-9]{0,5}$ ]] || fail -s "$EX_USAGE" "--rate wants a number from 1 to 999999."
            rate=$2
            shift
            ;;
        *) fail -s "$EX_USAGE" "unknown argument $option; see scripts/bench floods --help." ;;
        esac
        shift
    done

    make_run_folder
    lock_bench
    if [[ -z $as_built ]]; then
        set_up
    elif [[ ! -x $root/.build/release/verbatim || ! -x $root/.build/release/verbatim-admin ]]; then
        fail "nothing is built here yet: run scripts/setup, or leave --as-built out."
    fi
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    local python=$reply benchmarks=$root/benchmarks
    own_folder "$benchmarks/results"
    require_space 500 "a run under floods"
    start_bench_database
    run_part env -C "$root" PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$benchmarks" \
        "$python" -m floods --seconds "$seconds" --rate "$rate" "${cases[@]}" \
        --database-url "$database_url" --folder "$bench_home"
}
