# shellcheck shell=bash
# Rules on Swift sources: format, sizes, tests, sendable, names, once.

check_format() {
    local places=() place
    for place in Sources Tests Package.swift; do
        [[ ! -e $place ]] || places+=("$place")
    done
    ((${#places[@]} > 0)) || return 0
    ensure_swift
    tell_faults < <(
        swift format lint --strict --parallel --configuration .swift-format -r "${places[@]}" 2>&1 || true
    )
}

# A guide: what reads best in one piece may be long. Only what nobody reads from top to bottom is refused.
check_sizes() {
    local path lines
    for path in "${swift_files[@]}"; do
        lines=$(wc -l <"$path")
        if ((lines > 800)); then
            fault "$path" "has $lines lines, 800 are the most."
        elif ((lines > 300)); then
            say "$path: note: $lines lines; files over 300 should be few, and hold one idea."
        fi
    done
}

check_tests() {
    fault_lines "a test does not sleep; inject a clock or wait for the event." < <(
        swift_lines '(^|[^A-Za-z0-9_])(sleep|usleep|nanosleep)[ ]*\(' "${test_files[@]}" |
            grep -vE 'func sleep *\(' || true
    )
    fault_lines "a test is neither skipped nor disabled." < <(
        swift_lines '\.disabled\(|\.enabled\(if:|withKnownIssue|XCTSkip' "${test_files[@]}"
    )
    fault_lines "tests are written with Swift Testing." < <(swift_lines 'import[ ]+XCTest' "${test_files[@]}")
}

# The reason may stand on the line itself or in the comment just above.
check_sendable() {
    ((${#swift_files[@]} > 0)) || return 0
    fault_lines "@unchecked Sendable needs its reason in a comment beside it." < <(
        awk 'FNR == 1 { above = "" }
            /@unchecked[ ]+Sendable/ && !/\/\// && above !~ /^[ \t]*\/\// { print FILENAME ":" FNR ":" }
            { above = $0 }' "${swift_files[@]}"
    )
}

check_names() {
    local path
    for path in "${swift_files[@]}"; do
        if [[ /${path%/*}/ =~ /(Core|Common|Utils?|Utilities|Managers?|Helpers?)/ ]] ||
            [[ ${path##*/} =~ (Core|Common|Utils?|Utilities|Managers?|Helpers?)(\+.*)?\.swift$ ]]; then
            fault "$path" "is named for no concept (Core, Common, Utils, Manager, Helper say nothing)."
        fi
    done
}

# What has one home: a pattern, the folder, and what to use elsewhere.
readonly home_table='
DispatchQueue                 Sources/Support/Concurrency/  BlockingCalls
pthread_create|detachNewThread  Sources/Support/Concurrency/  DetachedThread
0o20_?000_?000|O_TMPFILE      Sources/Support/Files/        UnnamedFile
VERBATIM_MASTER_KEY(_PREVIOUS)?"  Sources/Pipeline/Operations/  MasterKeySetting
'

check_once() {
    local pattern folder instead path elsewhere
    while read -r pattern folder instead; do
        [[ -n $pattern ]] || continue
        elsewhere=()
        for path in "${source_files[@]}"; do
            [[ $path == "$folder"* ]] || elsewhere+=("$path")
        done
        fault_lines "has one home, $folder: use $instead." < <(swift_lines "$pattern" "${elsewhere[@]}")
    done <<<"$home_table"
}
