# shellcheck shell=bash
# tests of the benchmarks' own programs, in seconds, without models; arguments: names of tests

bench_selftest() {
    if [[ ${1:-} == -h || ${1:-} == --help ]]; then
        say "usage: scripts/bench selftest [test_meter | test_meter.MeterTests ...]"
        exit 0
    fi
    make_run_folder
    ensure_environment "$root/benchmarks/.venv" "$root/benchmarks/requirements.txt" 3.10 "the benchmarks"
    if (($# == 0)); then set -- discover -s "$root/benchmarks/tests"; fi
    run_part env PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$root/benchmarks:$root/benchmarks/tests" \
        "$root/benchmarks/.venv/bin/python" -m unittest "$@"
}
