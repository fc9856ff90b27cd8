# shellcheck shell=bash
# What benchmarks run in: Python environments of their own (scripts/setup makes none of them), pinned by hash, in folders
# of benchmarks/ that Git ignores; and a lock, for two benchmarks at once would measure each other.
# Guarantees that an environment is used only if it was made whole, from the requirements as they are now.

# lock_bench – lock 8, held until the script ends.
lock_bench() {
    exec 8>"$root/.run/bench.lock"
    flock -n 8 || fail -s "$EX_UNAVAILABLE" "another scripts/bench of this checkout is under way; wait for its end."
}

# ensure_environment FOLDER REQUIREMENTS OLDEST WHAT – the environment in FOLDER holds what REQUIREMENTS pins.
ensure_environment() {
    local folder=$1 requirements=$2 oldest=$3 what=$4 stamp printed
    find_python "$oldest" || fail "$what needs Python $oldest or newer; install the packages python3 and python3-venv."
    stamp="$(sha256sum <"$requirements") $(readlink -f -- "$reply")"
    [[ ! -f $folder/complete || $(<"$folder/complete") != "$stamp" ]] || return 0
    require_space 1200 "the environment of $what"
    say "Installing the Python packages of $what …"
    printed=$("$reply" -m venv --clear "$folder" 2>&1) ||
        fail "the environment of $what could not be made: ${printed##*$'\n'}"
    own_folder "$folder"
    # Neither a user's pip configuration (PIP_USER) nor a prompt may get in the way.
    printed=$(PIP_USER=0 "$folder/bin/python" -m pip --no-input --disable-pip-version-check install --quiet \
        --require-hashes --only-binary :all: -r "$requirements" 2>&1 </dev/null) ||
        fail "the Python packages of $what could not be installed: ${printed##*$'\n'}"
    printf '%s\n' "$stamp" >"$folder/complete"
}
