# shellcheck shell=bash
# key terms: found and invented ones, other words, what they cost; with and without
# The measuring is benchmarks/terms, in the model server's environment; here is what it needs: that, flite, a folder.

terms_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench terms [--voices N] [--data DIR]

Has the model server's code recognize sentences with rare names, read by voices of flite, without and with key terms; and 60 s each of
silence, noise, hum, music and clicks. Counts terms that are found, terms that nobody said, and errors in all other words. Beside it:
faster-whisper's own `hotwords`. Prints tables; raw results go to benchmarks/results/. The figures in benchmarks/README.md are copied from it.

  --voices N   of 3 (default 3)
  --data DIR   also recordings of people in DIR/librivox/*.wav and DIR/diarization/*.flac, with terms that nobody says there
TEXT
}

bench_terms() {
    local voices=3 data=''
    read_options terms "--voices [1-3] a number from 1 to 3" "--data @choose_terms_data" -- "$@"
    command -v flite >/dev/null || fail "flite is missing: apt-get install flite"
    make_run_folder
    lock_bench
    run_part "$root/inference/install"
    own_folder "$root/benchmarks/results"
    run_part env -C "$root" PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
        PYTHONPATH="$root/benchmarks:$root/inference" "$root/inference/.venv/bin/python" -m terms \
        --voices "$voices" ${data:+--data "$data"}
}

choose_terms_data() {
    data=$(cd -- "$1" 2>/dev/null && pwd -P) && [[ -n $1 ]] || fail -s "$EX_NOINPUT" "--data wants a folder that exists."
}
