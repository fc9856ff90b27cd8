# shellcheck shell=bash
# Finds the Swift toolchain: on PATH, else where toolchains are commonly unpacked. One clear sentence if there is none.

readonly swift_oldest_major=6 swift_oldest_minor=2

ensure_swift() {
    local found directory fault
    for directory in "$(dirname -- "$(type -P swift || echo /none/swift)")" \
        /usr/bin /opt/swift*/usr/bin /usr/libexec/swift/*/bin /usr/share/swift/usr/bin \
        "${HOME:-/none}"/.local/share/swiftly/bin "${HOME:-/none}"/swift*/usr/bin; do
        [[ -x $directory/swift ]] || continue
        # Debian's `swift` package is a client for an object store, which prints no such line.
        found=$("$directory/swift" --version 2>/dev/null) || found=
        [[ $found =~ Swift\ version\ ([0-9]+\.[0-9]+) ]] || continue
        found=${BASH_REMATCH[1]}
        swift_version=$found
        if ((${found%.*} > swift_oldest_major ||
            (${found%.*} == swift_oldest_major && ${found#*.} >= swift_oldest_minor))); then
            PATH=$directory:$PATH
            return 0
        fi
    done
    if [[ -n ${swift_version:-} ]]; then
        fault="Swift $swift_version is too old"
    else
        fault="Swift is not installed, or not on PATH"
    fi
    fail -s "$EX_UNAVAILABLE" "$fault: install $swift_oldest_major.$swift_oldest_minor or newer from" \
        "https://www.swift.org/install/linux and run this again."
}
