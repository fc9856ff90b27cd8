# shellcheck shell=bash
# What the rules look at, and how a fault is told.

fault_count=0

# fault PATH[:LINE] SENTENCE
fault() {
    fault_count=$((fault_count + 1))
    printf '%s: %s\n' "$1" "$2" >&2
}

# fault_lines SENTENCE – one fault a line of standard input, which starts with path:line: as grep -n prints it.
fault_lines() {
    local path line _
    while IFS=: read -r path line _; do
        fault "$path:$line" "$1"
    done
}

# Tells what another tool found, one fault a line of standard input.
tell_faults() {
    local line
    while IFS= read -r line; do
        fault_count=$((fault_count + 1))
        printf '%s\n' "$line" >&2
    done
}

# Answers the files of the checkout that are or would be tracked in $files, its Swift files in $swift_files, and those
# of the tests and the sources alone. Outside a Git repository: all that is neither hidden nor a build product.
list_files() {
    files=() swift_files=() test_files=() source_files=()
    local path
    while IFS= read -r -d '' path; do
        [[ -f $path && ! -L $path ]] || continue
        files+=("$path")
        [[ $path == *.swift ]] || continue
        swift_files+=("$path")
        case $path in
        Tests/*) test_files+=("$path") ;;
        Sources/*) source_files+=("$path") ;;
        esac
    done < <(
        git -c safe.directory='*' ls-files -z --cached --others --exclude-standard 2>/dev/null ||
            find . -type d \( -name '.?*' -o -name __pycache__ \) -prune -o -type f -printf '%P\0'
    )
}

# swift_lines PATTERN FILE... – the lines, as path:line:text, that match the awk pattern once comments are taken off.
swift_lines() {
    local pattern=$1
    shift
    (($# > 0)) || return 0
    PATTERN=$pattern awk '
        { code = $0; sub(/(^|[^:])\/\/.*/, "", code) }
        code ~ ENVIRON["PATTERN"] { print FILENAME ":" FNR ":" $0 }' "$@"
}
