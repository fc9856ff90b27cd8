# shellcheck shell=bash
# Builds the three executables, in the one configuration of the project, and knows when there is nothing to do.
# Guarantees that a build is skipped only if sources, manifest, toolchain and products are those of the last good build.

readonly products=(verbatim verbatim-admin verbatim-media)
readonly build_stamp=$root/.build/verbatim-setup.stamp build_log=$root/.run/build.log
# What a first build needs: 1.3 GB of products, inference environment and model (measured), the rest for downloads, caches
# and the tests.
readonly first_build_megabytes=3000

# Names, sizes and both times of everything that goes into the build and comes out of it; ctime cannot be set back.
fingerprint() {
    (
        cd -- "$root" || exit
        type -P swift
        find -L "$(type -P swift)" Package.swift Package.resolved Sources "${products[@]/#/.build/release/}" \
            -not -name '.*' -type f -printf '%p %s %T@ %C@\n' 2>/dev/null | sort || true
        pkg-config --modversion libpq libargon2 libcurl libavformat libavcodec libavutil libswresample 2>&1 || true
    ) | sha256sum
}

built_already() {
    local product
    for product in "${products[@]}"; do
        [[ -x $root/.build/release/$product ]] || return 1
    done
    [[ -f $build_stamp && $(fingerprint) == "$(<"$build_stamp")" ]]
}

ensure_built() {
    built_already && return 0
    if [[ ! -x $root/.build/release/verbatim ]]; then
        require_space "$first_build_megabytes" "the first build"
        say "Building Verbatim for the first time (about 10 minutes on two cores) …"
    fi
    rm -f -- "$build_stamp"
    swift_build "Building Verbatim" --target Executables
    fingerprint >"$build_stamp"
}

# require_space MEGABYTES WHAT – one sentence when the disk that holds the checkout has less to give.
require_space() {
    local free
    free=$(df --output=avail -BM -- "$root" | tr -dc '0-9\n' | tail -n 1)
    ((free >= $1)) ||
        fail "not enough disk space: $2 needs $1 MB in $root, of which $free MB are free."
}

# swift_build LABEL ARGUMENT... – one release build with a bar; on failure the faults and one sentence.
swift_build() {
    local label=$1 status=0 started=$SECONDS
    shift
    setsid -- swift build -c release --package-path "$root" "$@" >"$build_log" 2>&1 </dev/null 7>&- 8>&- 9>&- &
    child=$!
    while kill -0 "$child" 2>/dev/null; do
        show_build "$label" "$started"
        sleep 0.5
    done
    wait "$child" || status=$?
    child=
    bar_reset
    ((status == 0)) || explain_build_failure
}

# SwiftPM tells `[done/known so far] what`; what it does before that (resolving, cloning) is shown by its last line.
show_build() {
    local last elapsed permille
    clock $((SECONDS - $2))
    elapsed=$reply
    last=$(tail -n 1 -- "$build_log" 2>/dev/null | tr -d '\r\033') || last=
    if [[ $last =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) ]] && ((BASH_REMATCH[2] > 0)); then
        # More steps may become known at any time, and the last ones, a whole module or the linking, take minutes.
        permille=$((BASH_REMATCH[1] * 1000 / BASH_REMATCH[2]))
        bar_show "$1" $((permille < 990 ? permille : 990)) "$elapsed ${BASH_REMATCH[3]}"
    elif [[ -n $bar_live ]]; then
        bar_show "$1" 0 "$elapsed $last"
    fi
}

explain_build_failure() {
    if grep -qiE 'no space left on device|disk quota exceeded' "$build_log"; then
        fail "the build stopped because the disk that holds $root is full."
    elif ! grep -q '^\[[0-9]*/[0-9]*\]' "$build_log" &&
        grep -qiE '^Fetching |could not resolve|couldn.t (fetch|clone|resolve)|failed to clone|git command' "$build_log"; then
        fail "the packages that Verbatim is built from could not be fetched: check the network connection."
    fi
    grep -E '(error|fatal):' "$build_log" | head -n 40 >&2 || tail -n 20 "$build_log" >&2
    fail "the build failed; the whole of what the compiler said is in $build_log."
}
