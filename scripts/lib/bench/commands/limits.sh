# shellcheck shell=bash
# 100 sign-ins at once, and what a cap costs a submission
# The measuring is benchmarks/limits, in Python without packages; here is what it needs: executables, a database.

usage_limits() {
    cat >&2 <<'TEXT'
usage: scripts/bench limits [--rounds N] [--calls N] [--as-built]

Lets 100 API keys and members sign in at once, and as many one after the other, and reads the service's memory. Then submits
jobs by URL without a cap, with a cap on overage, and with a key that has minutes of its own, in turns. Prints tables. Raw
results go to benchmarks/results/.

  --rounds N    rounds of sign-ins, at most 5, which is what the rate limits allow (default 5)
  --calls N     how often each kind of job is submitted (default 300)
  --as-built    measure the executables as they are; neither set up nor build
TEXT
}

bench_limits() {
    local rounds=5 calls=300 as_built=''
    read_options limits --as-built "--rounds [1-5] a number from 1 to 5" \
        "--calls [1-9][0-9]{0,2} a number from 1 to 999" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim .build/release/verbatim-admin
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    run_bench "$reply" limits 500 "a run of sign-ins and submissions" --rounds "$rounds" --calls "$calls"
}
