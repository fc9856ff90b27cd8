# shellcheck shell=bash
# webhooks a second, with and without an endpoint that never answers, and for one endpoint alone
# The measuring is benchmarks/webhooks, in Python without packages; here is what it needs: executables, a database.

webhooks_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench webhooks [--deliveries N] [--rounds N] [--as-built] [--no-write]

Starts `verbatim worker` beside a database in which N events wait: nine tenths of them for 18 endpoints of 9 accounts that
answer at once, and one tenth for an endpoint that takes connections and never answers. Then the same without that one;
the same while half as many endpoints as N wait for a later try; and a fifth of N for one endpoint alone, that answers at
once and that takes 50 ms. Checks that each event arrived once, signed, as it was written. Prints tables; writes raw
results to benchmarks/results/, and from 10000 up the figures in benchmarks/README.md and benchmarks/webhooks.json.

  --deliveries N  a multiple of 100 (default 10000)
  --rounds N      how often each is measured (default 3)
  --as-built      measure the executables as they are; neither set up nor build
  --no-write      leave the files that Git tracks as they are
TEXT
}

bench_webhooks() {
    local deliveries=10000 rounds=3 write=1 as_built=''
    read_options webhooks --as-built --no-write \
        "--deliveries [1-9][0-9]{0,3}00 a multiple of 100, at most 999900" \
        "--rounds [1-9][0-9]? a number from 1 to 99" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim .build/release/verbatim-admin
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    run_bench "$reply" webhooks 1000 "a run with $deliveries webhooks" --deliveries "$deliveries" --rounds "$rounds" \
        ${write:+--write}
}
