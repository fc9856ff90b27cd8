# shellcheck shell=bash
# Python for programs of the checkout that need no packages, and folders for what they write.

# own_folder FOLDER – makes a folder that Git ignores without an entry in .gitignore.
own_folder() {
    mkdir -p -- "$1"
    [[ -f $1/.gitignore ]] || printf '*\n' >"$1/.gitignore"
}

# find_python OLDEST – answers in $reply a Python of at least that version: Debian's own, or the one on PATH.
find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < tuple(map(int, sys.argv[1].split("."))))' "$1" \
            2>/dev/null; then
            reply=$(command -v "$candidate")
            return 0
        fi
    done
    return 1
}
