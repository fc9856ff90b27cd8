# shellcheck shell=bash
# time to read and to render a ten-hour transcript, by format

bench_formats() {
    set_up
    swift_build "Building the benchmark" FormatsBench 30 --product FormatsBench
    run_part "$root/.build/release/FormatsBench"
}
