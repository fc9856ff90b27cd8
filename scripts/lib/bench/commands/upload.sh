# shellcheck shell=bash
# uploads of one large file and of 200 at once, beside cp and a bare HTTP sink on the same disk
# The measuring is benchmarks/upload, in Python without packages; here is what it needs: executables, a database, ffmpeg.

upload_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench upload [--rounds N] [--megabytes N] [--files N] [--each N] [--as-built] [--no-write]

Has curl upload a WAV file to `verbatim api`, whose storage is a folder: one of 915 MB, and 200 of 10 MB at once. Beside it,
with the same files on the same disk: cp and sync, and curl to a server that only writes and flushes what it reads. Checks that
each file was kept as it was sent. Prints how long each took, where one upload's seconds went, CPU time, and the node's memory.
Writes raw results to benchmarks/results/, and the figures in benchmarks/README.md, benchmarks/upload.json and
benchmarks/upload.svg.

  --rounds N     how often each is measured, at most 39, because jobs wait and an account may have 1,000 (default 3)
  --megabytes N  size of the one file (default 915)
  --files N      how many files at once, at most 200 (default 200)
  --each N       their size in megabytes (default 10)
  --as-built     measure the executables as they are; neither set up nor build
  --no-write     leave the files that Git tracks as they are
TEXT
}

bench_upload() {
    local rounds=3 megabytes=915 files=200 each=10 write=1 as_built=''
    read_options upload --as-built --no-write "--rounds ([1-9]|[1-3][0-9]) a number from 1 to 39" \
        "--megabytes ([1-9][0-9]{0,2}|[1-3][0-9]{3}) a number from 1 to 3999" \
        "--files ([1-9][0-9]?|1[0-9]{2}|200) a number from 1 to 200" "--each [1-9][0-9]? a number from 1 to 99" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim .build/release/verbatim-admin .build/release/verbatim-media
    command -v ffmpeg >/dev/null || fail "ffmpeg is missing: apt-get install ffmpeg"
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    run_bench "$reply" upload $((4 * megabytes + 3 * files * each + each + 1000)) "a run of uploads" --rounds "$rounds" \
        --megabytes "$megabytes" --files "$files" --each "$each" ${write:+--write}
}
