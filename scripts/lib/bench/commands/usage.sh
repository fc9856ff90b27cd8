# shellcheck shell=bash
# GET /usage in a month with many records, by day, key and metadata
# The measuring is benchmarks/usage, in Python without packages; here is what it needs: executables, a database.

usage_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench usage [--records N] [--calls N] [--as-built]

Fills the month of one account with usage records, half of them overage, and calls GET /usage without and with each kind of
group, in turns with a call that reads one job. Also lets PostgreSQL add up each record, as a yardstick. Prints how long each
took. Exit 1 when `usage verify` finds a difference. Raw results go to benchmarks/results/.

  --records N   how many records (default 300000)
  --calls N     how often each is called (default 50)
  --as-built    measure the executables as they are; neither set up nor build
TEXT
}

bench_usage() {
    local records=300000 calls=50 as_built=''
    read_options usage --as-built "--records [1-9][0-9]{0,6} a number from 1 to 9999999" \
        "--calls [1-9][0-9]{0,3} a number from 1 to 9999" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim .build/release/verbatim-admin
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    run_bench "$reply" usage 2000 "a month of usage" --records "$records" --calls "$calls"
}
