# shellcheck shell=bash
# empty tasks claimed and finished a second, with few and many accounts, beside other queues
# The measuring is benchmarks/taskqueue, in Python without packages; here is what it needs: executables, a database, other queues.

queue_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench queue [--seconds N] [--rounds N] [--history N] [--no-peers] [--as-built] [--no-write]

Has eight connections claim empty tasks and finish them, through the product's own code: with 100 and with 10,000 waiting
accounts, with a million finished jobs besides, and while an old transaction keeps PostgreSQL from removing dead rows.
Beside it: pgbench with the two simplest transactions, and the queues procrastinate and pgqueuer. Prints tables; writes
raw results to benchmarks/results/, and the figures in benchmarks/README.md and benchmarks/queue.json.

  --seconds N   how long each is measured (default 8)
  --rounds N    how often each is measured (default 3)
  --history N   how many finished jobs (default 1000000)
  --no-peers    without the other queues, which need an environment of their own (60 MB)
  --as-built    measure the executables as they are; neither set up nor build
  --no-write    leave the files that Git tracks as they are
TEXT
}

bench_queue() {
    local seconds=8 rounds=3 history=1000000 peers=1 write=1 as_built=''
    read_options queue --as-built --no-write --no-peers "--seconds [1-9][0-9]? a number from 1 to 99" \
        "--rounds [1-9][0-9]? a number from 1 to 99" "--history [1-9][0-9]{0,7} a number from 1 to 99999999" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim-admin .build/release/QueueBench
    [[ -n $as_built ]] || swift_build "Building the benchmark" QueueBench 30 --product QueueBench
    local environment=$root/benchmarks/.venv-queue
    if [[ -n $peers ]]; then
        ensure_environment "$environment" "$root/benchmarks/queue-requirements.txt" 3.10 "the other queues"
    fi
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    run_bench "$reply" taskqueue 8000 "a run with $history finished jobs" --seconds "$seconds" --rounds "$rounds" \
        --history "$history" ${peers:+--peers "$environment/bin/python"} ${write:+--write}
}
