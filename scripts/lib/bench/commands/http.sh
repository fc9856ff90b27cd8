# shellcheck shell=bash
# answers a second of an API node, beside pgbench with the same transaction
# The measuring is benchmarks/httpbench, in Python without packages; here is what it needs: executables, a database, wrk.

http_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench http [--seconds N] [--rounds N] [--jobs N] [--as-built] [--no-write]

Has wrk call an API node on 64 connections: GET /jobs/{id}, /jobs and /usage, with 1,000 jobs and with many. Beside it:
pgbench with 8 clients and the same transactions. Prints a table; writes raw results to benchmarks/results/,
and the figures in benchmarks/README.md and benchmarks/http.json.

  --seconds N   how long each is measured (default 8)
  --rounds N    how often each is measured (default 3)
  --jobs N      how many jobs many are (default 1000000)
  --as-built    measure the executables as they are; neither set up nor build
  --no-write    leave the files that Git tracks as they are
TEXT
}

bench_http() {
    local seconds=8 rounds=3 jobs=1000000 write=1 as_built=''
    read_options http --as-built --no-write "--seconds [1-9][0-9]? a number from 1 to 99" \
        "--rounds [1-9][0-9]? a number from 1 to 99" "--jobs [1-9][0-9]{0,6} a number from 1 to 9999999" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim .build/release/verbatim-admin
    command -v wrk >/dev/null || fail "wrk is missing: apt-get install wrk"
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    run_bench "$reply" httpbench 4000 "a run with $jobs jobs" --seconds "$seconds" --rounds "$rounds" \
        --jobs "$jobs" ${write:+--write}
}
