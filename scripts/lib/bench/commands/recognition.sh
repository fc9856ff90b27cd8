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
    local option
    while (($# > 0)); do
        option=$1
        case $option in
        --no-write) write='' ;;
        --as-built) as_built=1 ;;
        -h | --help)
            recognition_usage
            exit 0
            ;;
        --minutes | --rounds | --seed)
            [[ ${2:-} =~ ^[1-9][0-9]{0,3}$ ]] || fail -s "$EX_USAGE" "$option wants a number from 1 to 9999."
            printf -v "${option#--}" '%s' "$2"
            shift
            ;;
        --data)
            data=$(cd -- "${2:-}" 2>/dev/null && pwd -P) && [[ -n ${2:-} ]] ||
                fail -s "$EX_NOINPUT" "--data wants a folder that exists."
            shift
            ;;
        --only | --contenders)
            only=$(contenders_named "${2:-}") ||
                fail -s "$EX_USAGE" "$option wants names such as verbatim,raw-halves; see scripts/bench recognition --help."
            shift
            ;;
        *) fail -s "$EX_USAGE" "unknown argument $option; see scripts/bench recognition --help." ;;
        esac
        shift
    done

    make_run_folder
    lock_bench
    if [[ -z $as_built ]]; then
        set_up
    elif [[ ! -x $root/.build/release/verbatim || ! -x $root/inference/.venv/bin/python ]]; then
        fail "nothing is built here yet: run scripts/setup, or leave --as-built out."
    fi
    local benchmarks=$root/benchmarks
    ensure_environment "$benchmarks/.venv" "$benchmarks/requirements.txt" 3.10 "the benchmarks"
    if [[ " $only " == *" peer "* ]]; then
        ensure_environment "$benchmarks/.venv-peer" "$benchmarks/peer-requirements.txt" 3.11 open-asr-server
    fi
    own_folder "$benchmarks/results"
    require_space $((minutes * 10 + 500)) "a run with $minutes minutes of audio"
    start_bench_database
    run_part env -C "$root" PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$benchmarks" \
        "$benchmarks/.venv/bin/python" -m recognition --minutes "$minutes" --rounds "$rounds" --seed "$seed" \
        --contenders "$only" --database-url "$database_url" --database-pid "$database_pid" \
        --folder "$bench_home" ${data:+--data "$data"} ${write:+--write}
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
