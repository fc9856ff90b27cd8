# shellcheck shell=bash
# decoding WAV, FLAC, MP3, AAC, Opus and MP4 on one core, beside ffmpeg
# The measuring is benchmarks/decode, in Python without packages; here is what it needs: executables, ffmpeg.

decode_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench decode [--rounds N] [--minutes N] [--as-built] [--no-write]

Has `verbatim-media` decode an hour and half an hour of sound, in its sandbox, as the pipeline calls it. Beside it, in turns:
ffmpeg, to the same samples. Each has one core. Prints times real time, CPU-seconds an hour, and memory. Writes raw results to
benchmarks/results/, and the figures in benchmarks/README.md, benchmarks/decode.json and benchmarks/decode.svg.

  --rounds N    how often each is measured (default 3)
  --minutes N   how long the recordings are; half of it, too (default 60)
  --as-built    measure the executables as they are; neither set up nor build
  --no-write    leave the files that Git tracks as they are
TEXT
}

bench_decode() {
    local rounds=3 minutes=60 write=1 as_built=''
    read_options decode --as-built --no-write "--rounds [1-9][0-9]? a number from 1 to 99" \
        "--minutes ([2-9]|[1-9][0-9]{1,2}) a number from 2 to 999" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim .build/release/verbatim-admin .build/release/verbatim-media
    command -v ffmpeg >/dev/null || fail "ffmpeg is missing: apt-get install ffmpeg"
    find_python 3.10 || fail "the benchmark needs Python 3.10 or newer; install the package python3."
    run_bench "$reply" decode $((minutes * 40 + 500)) "a run of $minutes minutes" --rounds "$rounds" \
        --minutes "$minutes" ${write:+--write}
}
