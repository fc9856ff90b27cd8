# shellcheck shell=bash
# speed, CPU, memory, word and speaker errors of whole files: Verbatim, the bare engine, a peer
# The measuring is benchmarks/recognition, in Python; here is what it needs: set-up, environments, a database.

readonly recognition_contenders=(raw-whole raw-halves verbatim-speakers verbatim-words peer)

recognition_usage() {
    cat >&2 <<'TEXT'
usage: scripts/bench recognition [--minutes N] [--rounds N] [--data DIR] [--only NAMES] [--seed N] [--as-built]
                                 [--no-write]

Has one long file, made by repeating and shuffling recordings, transcribed by each contender in turn, round by round,
and every recording alone once. Prints a table; writes raw results to benchmarks/results/, and from 10 minutes up the
figures in benchmarks/README.md, benchmarks/recognition.json and benchmarks/recognition.svg.

  --minutes N   at least so much audio (default 10)
  --rounds N    how often each contender gets it (default 2)
  --data DIR    besides the recordings that the project carries, those in DIR: librivox/, cards/, languages/en/,
                diarization/ (benchmarks/README.md tells their layout)
  --only NAMES  only these contenders, separated by commas: raw-whole, raw-halves, verbatim-speakers, verbatim-words,
                peer; raw and verbatim stand for both of theirs (--contenders is the same)
  --seed N      of the shuffling (default 1)
  --as-built    measure the executables as they are; neither set up nor build
  --no-write    leave the files that Git tracks as they are
TEXT
}

bench_recognition() {
    local minutes=10 rounds=2 seed=1 data='' only=${recognition_contenders[*]} write=1 as_built=''
    local number="[1-9][0-9]{0,3} a number from 1 to 9999"
    read_options recognition --as-built --no-write "--minutes $number" "--rounds $number" "--seed $number" \
        "--data @choose_data" "--only @choose_contenders" "--contenders @choose_contenders" -- "$@"
    ready_to_measure "$as_built" .build/release/verbatim inference/.venv/bin/python
    local benchmarks=$root/benchmarks
    ensure_environment "$benchmarks/.venv" "$benchmarks/requirements.txt" 3.10 "the benchmarks"
    if [[ " $only " == *" peer "* ]]; then
        ensure_environment "$benchmarks/.venv-peer" "$benchmarks/peer-requirements.txt" 3.11 open-asr-server
    fi
    run_bench "$benchmarks/.venv/bin/python" recognition $((minutes * 10 + 500)) "a run with $minutes minutes of audio" \
        --minutes "$minutes" --rounds "$rounds" --seed "$seed" --contenders "$only" \
        ${data:+--data "$data"} ${write:+--write}
}

choose_data() {
    data=$(cd -- "$1" 2>/dev/null && pwd -P) && [[ -n $1 ]] || fail -s "$EX_NOINPUT" "--data wants a folder that exists."
}

choose_contenders() {
    only=$(contenders_named "$1") ||
        fail -s "$EX_USAGE" "$2 wants names such as verbatim,raw-halves; see scripts/bench recognition --help."
}

# contenders_named NAMES – the contenders that a list with commas means, in the order of the table.
contenders_named() {
    local name contender found chosen=' '
    for name in ${1//,/ }; do
        found=
        for contender in "${recognition_contenders[@]}"; do
            if [[ $contender == "$name" || $contender == "$name"-* ]]; then
                found=1
                chosen+="$contender "
            fi
        done
        [[ -n $found ]] || return 1
    done
    [[ $chosen != ' ' ]] || return 1
    for contender in "${recognition_contenders[@]}"; do
        if [[ $chosen == *" $contender "* ]]; then printf '%s ' "$contender"; fi
    done
}
