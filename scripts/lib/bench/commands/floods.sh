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
    read_options floods --as-built "--case @add_flood" \
        "--seconds [1-9][0-9]{0,3} a number from 1 to 9999" "--rate [1-9][0-9]{0,5} a number from 1 to 999999" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim .build/release/verbatim-admin
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    run_bench "$reply" floods 500 "a run under floods" --seconds "$seconds" --rate "$rate" "${cases[@]}"
}

add_flood() {
    [[ $1 =~ ^[a-z_]+$ ]] && grep -q "^    \"$1\": " "$root/benchmarks/floods/cases.py" ||
        fail -s "$EX_USAGE" "--case wants the name of a flood; see benchmarks/floods/cases.py."
    cases+=(--case "$1")
}
