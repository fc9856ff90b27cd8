# shellcheck shell=bash
# one long recording by one worker and by two, with an engine that takes a fixed time
# The measuring is benchmarks/workers, in Python without packages; here is what it needs: executables, a database.

workers_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench workers [--minutes N] [--rounds N] [--as-built]

Transcribes one recording by one worker with one slot, and by two, in turns. The engine is scripted: it takes 0.1 s for each
second of audio, and no processor time. Checks the words. Then one worker gets 60 short recordings: how long is its slot free
between two tasks? Exit 1 when two workers are less than 1.8 times as fast as one. Raw results go to benchmarks/results/.

  --minutes N   the recording's length (default 30)
  --rounds N    how often each is measured (default 3)
  --as-built    measure the executables as they are; neither set up nor build
TEXT
}

bench_workers() {
    local minutes=30 rounds=3 as_built=''
    read_options workers --as-built "--minutes [1-9][0-9]? a number from 1 to 99" \
        "--rounds [1-9][0-9]? a number from 1 to 99" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim .build/release/verbatim-admin .build/release/verbatim-media
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    more_modules=$root/Tests/Soak # the scripted engine
    run_bench "$reply" workers 2000 "one long recording" --minutes "$minutes" --rounds "$rounds" --pace 0.1
}
