# shellcheck shell=bash
# Rules on words and paths in all files, on the SQL files' numbers, and on the shell scripts.

# The rules and their test must name what they forbid.
list_judged() {
    local path
    judged=()
    for path in "${files[@]}"; do
        [[ $path == scripts/lib/check/* ]] || judged+=("$path")
    done
}

check_words() {
    local judged
    list_judged
    fault_lines "leave no note of unfinished work in the tree: do it or open an issue." < <(
        grep -InwE 'TODO|FIXME|XXX|HACK' -- "${judged[@]}" /dev/null || true
    )
    fault_lines "no forced try or cast: throw, or unwrap with a reason." < <(
        swift_lines '(^|[^A-Za-z0-9_])(try|as)!' "${source_files[@]}" "${test_files[@]}"
    )
}

check_paths() {
    local judged path kept=()
    list_judged
    fault_lines "names a folder of one machine." < <(
        grep -InE '(^|[^A-Za-z0-9_.})-])/(work|root|home/[a-z]+)(/|[^A-Za-z0-9_/-]|$)|\.\./shared|/tmp/[a-z]+-kit' \
            -- "${judged[@]}" /dev/null || true
    )
    local hosts='(pypi|pythonhosted|huggingface|hf|deb\.debian|registry\.npmjs)\.(org|co)'
    # A file that tells where something came from must be able to say so.
    for path in "${judged[@]}"; do
        [[ ${path##*/} =~ ^(ORIGINS?|LICENSES?|NOTICE)(\.|$) ]] || kept+=("$path")
    done
    fault_lines "names a registry's host; which one is used is the machine's business." < <(
        grep -IniE "(^|[^a-z0-9-])($hosts)" -- "${kept[@]}" /dev/null || true
    )
}

# Migrations are applied in the order of their numbers, each once and for ever: sql/frozen.sha256 holds what each of them is.
check_sql() {
    local path number sum expected=1
    while IFS= read -r path; do
        [[ $path == sql/* && $path == *.sql && $path != sql/rights.sql && $path != sql/schema.sql ]] || continue
        if [[ ! $path =~ ^sql/([0-9]{4})_[a-z0-9_]+\.sql$ ]]; then
            fault "$path" "is not named NNNN_what_it_does.sql."
            continue
        fi
        number=$((10#${BASH_REMATCH[1]}))
        ((number == expected)) || fault "$path" "should have the number $(printf '%04d' "$expected"): no gap, no twin."
        expected=$((number + 1))
        sum=$(sha256sum <"$path")
        sum="${sum%% *}  ${path#sql/}"
        if ! grep -qF -- "  ${path#sql/}" sql/frozen.sha256 2>/dev/null; then
            fault "$path" "is not frozen yet: when it is finished, add its line to sql/frozen.sha256: $sum"
        elif ! grep -qxF -- "$sum" sql/frozen.sha256; then
            fault "$path" "changed, but migrations are frozen: undo that, and put the change into a new migration."
        fi
    done < <(printf '%s\n' "${files[@]}" | sort)
}

check_shell() {
    local path line scripts=()
    for path in "${files[@]}"; do
        line=
        if [[ -x $path ]]; then IFS= read -r line <"$path" 2>/dev/null || true; fi
        if [[ $path == *.sh || $line =~ ^#!.*(bash|/sh)$ ]]; then scripts+=("$path"); fi
    done
    ((${#scripts[@]} > 0)) || return 0
    if command -v shellcheck >/dev/null; then
        # From warnings up: which notes there are depends on its version.
        tell_faults < <(shellcheck -f gcc -S warning -- "${scripts[@]}" 2>&1 || true)
        return 0
    fi
    say "scripts/check: note: shellcheck is not installed; the shell scripts are only parsed."
    for path in "${scripts[@]}"; do
        bash -n -- "$path" 2>/dev/null || fault "$path" "is no valid shell script."
    done
}
