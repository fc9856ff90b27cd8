# shellcheck shell=bash
# Builds the three executables, in the one configuration of the project, and knows when there is nothing to do and how
# long it will take.
# Guarantees that a build is skipped only if sources, manifest, toolchain and products are those of the last good build.

readonly products=(verbatim verbatim-admin verbatim-media)
readonly build_stamp=$root/.build/verbatim-setup.stamp build_log=$root/.run/build.log
# What a first build needs: 1.3 GB of products, inference environment and model, 0.9 GB for Ray (measured), the rest for downloads, caches
# and the tests.
readonly first_build_megabytes=4000

# Names, sizes and both times of everything that goes into the build and comes out of it; ctime cannot be set back.
fingerprint() {
    (
        cd -- "$root" || exit
        type -P swift
        find -L "$(type -P swift)" Package.swift Package.resolved Sources "${products[@]/#/.build/release/}" \
            -not -name '.*' -type f -printf '%p %s %T@ %C@\n' 2>/dev/null | sort || true
        pkg-config --modversion libpq libargon2 libcurl libcrypto libavformat libavcodec libavutil libswresample 2>&1 || true
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
        say "Building Verbatim for the first time …"
    fi
    rm -f -- "$build_stamp"
    swift_build "Building Verbatim" verbatim 245 --target Executables
    note_commit
    fingerprint >"$build_stamp"
}

# Writes down beside the executables what they were built from, for --version and the metrics.
note_commit() {
    local commit
    commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null) || return 0
    [[ -z $(git -C "$root" status --porcelain --untracked-files=no 2>/dev/null) ]] || commit+=+
    printf '%s\n' "$commit" >"$root/.build/release/verbatim.commit"
}

# require_space MEGABYTES WHAT – one sentence when the disk that holds the checkout has less to give.
require_space() {
    local free
    free=$(df --output=avail -BM -- "$root" | tr -dc '0-9\n' | tail -n 1)
    ((free >= $1)) ||
        fail "not enough disk space: $2 needs $1 MB in $root, of which $free MB are free."
}

# swift_build LABEL PRODUCT SECONDS ARGUMENT... – one release build with a bar; on failure the errors and one sentence.
# PRODUCT is a file that such a build makes; SECONDS is how long the first one takes on two cores.
swift_build() {
    local label=$1 product=$2 seconds=$3 status=0 started=$SECONDS kind=first expected
    shift 3
    if [[ -e $root/.build/release/$product ]]; then kind=again; fi
    expect_seconds "$product" "$kind" "$seconds"
    expected=$reply
    setsid -- swift build -c release --package-path "$root" "$@" >"$build_log" 2>&1 </dev/null 7>&- 8>&- 9>&- &
    child=$!
    while kill -0 "$child" 2>/dev/null; do
        bar_show_time "$label" $((SECONDS - started)) "$expected"
        sleep 0.5
    done
    wait "$child" || status=$?
    child=
    bar_reset
    ((status == 0)) || explain_build_failure
    printf '%s\n' $((SECONDS - started)) >"$root/.run/seconds-$product-$kind"
}

# expect_seconds PRODUCT KIND SECONDS – answers in $reply how long a build of this kind (first, again) will take: as long
# as the last one here. Without one, SECONDS with two cores; a third of them does not get shorter with more cores. A build
# after a change takes a third of a first one, say. No expectation is so short that the bar would stand at its end.
expect_seconds() {
    local cores seconds shortest last
    cores=$(nproc)
    seconds=$(($3 * (cores + 4) / (3 * cores)))
    shortest=$((seconds / 6))
    if [[ $2 == again ]]; then seconds=$((seconds / 3)); fi
    if read -r last 2>/dev/null <"$root/.run/seconds-$1-$2" && [[ $last =~ ^[1-9][0-9]{0,5}$ ]]; then seconds=$last; fi
    reply=$((seconds > shortest ? seconds : shortest + 1))
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
