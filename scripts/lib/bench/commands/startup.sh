# shellcheck shell=bash
# seconds until nodes are ready, what commands cost to start, and memory of idle nodes
# The measuring is benchmarks/startup, in Python without packages; here is what it needs: executables, a model, a database.

startup_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench startup [--rounds N] [--runs N] [--no-model] [--as-built] [--no-write]

Starts `verbatim api`, `worker` and `serve`, and the model server alone, and measures until they listen and until they are
ready; then the memory that they hold when idle. Runs verbatim-admin and other programs that end at once, beside /bin/true,
python3, psql and ffmpeg. Prints tables; writes raw results to benchmarks/results/, and the figures in benchmarks/README.md,
benchmarks/startup.json and benchmarks/startup.svg.

  --rounds N    how often each node is started (default 3)
  --runs N      how often each command is run in a round (default 20)
  --no-model    without the model server, and the nodes that need it; not published
  --as-built    measure the executables as they are; neither set up nor build
  --no-write    leave the files that Git tracks as they are
TEXT
}

bench_startup() {
    local rounds=3 runs=20 model=1 write=1 as_built='' needed=(verbatim verbatim-admin verbatim-media)
    read_options startup --as-built --no-write --no-model "--rounds [1-9][0-9]? a number from 1 to 99" \
        "--runs [1-9][0-9]{0,2} a number from 1 to 999" -- "$@"
    needed=("${needed[@]/#/.build/release/}")
    if [[ -n $model ]]; then needed+=(inference/.venv/bin/python); fi
    ready_to_measure "$as_built" "${needed[@]}"
    command -v ffmpeg >/dev/null || fail "ffmpeg is missing: apt-get install ffmpeg"
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    run_bench "$reply" startup 500 "a run of starts" --rounds "$rounds" --runs "$runs" --python "$reply" \
        ${model:+--model} ${write:+--write}
}
