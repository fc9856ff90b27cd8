# shellcheck shell=bash
# errors about who speaks when, and how many: on recordings, and on conversations made of voices
# The measuring is benchmarks/speakers, in Python; here is what it needs: the model server, an environment.

speakers_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench speakers [--data DIR] [--voices DIR] [--seed N]

Has the model server say who speaks when, section by section, as the pipeline asks it. Prints for each set: the diarization
error rate (no collar, overlapping speech scored) and its parts, how often the number of speakers is right, and the CPU time.
Raw results go to benchmarks/results/. Needs ffmpeg. At least one of:

  --data DIR    recordings with known speakers in DIR/diarization (benchmarks/README.md tells the layout)
  --voices DIR  conversations made of the voices in DIR, a folder with WAV files for each, and of the speakers in --data;
                `python -m speakers.gather DIR` fills it (see benchmarks/README.md)
  --seed N      of the conversations (default 1)
TEXT
}

bench_speakers() {
    local data='' voices='' seed=1
    read_options speakers "--data @choose_folder" "--voices @choose_folder" \
        "--seed [1-9][0-9]{0,3} a number from 1 to 9999" -- "$@"
    [[ -n $data$voices ]] || fail -s "$EX_USAGE" "--data or --voices is needed; see scripts/bench speakers --help."
    command -v ffmpeg >/dev/null || fail "ffmpeg is missing: apt-get install ffmpeg"
    make_run_folder
    lock_bench
    "$root/inference/install"
    ensure_environment "$root/benchmarks/.venv" "$root/benchmarks/requirements.txt" 3.10 "the benchmarks"
    own_folder "$root/benchmarks/results"
    run_part env -C "$root" PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$root/benchmarks" \
        "$root/benchmarks/.venv/bin/python" -m speakers --seed "$seed" \
        ${data:+--data "$data"} ${voices:+--voices "$voices"}
}

choose_folder() {
    local folder
    folder=$(cd -- "$1" 2>/dev/null && pwd -P) && [[ -n $1 ]] || fail -s "$EX_NOINPUT" "$2 wants a folder that exists."
    printf -v "${2#--}" '%s' "$folder"
}
