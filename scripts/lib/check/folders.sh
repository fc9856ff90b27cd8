# shellcheck shell=bash
# Rules `folders` and `tables`: the folders inside a room use each other in one order, and each table is written by its
# owner alone. Both are declared beside this file, in folder-order and table-owners.

check_folders() {
    run_walls folders "${source_files[@]}"
}

check_tables() {
    local path read=("${source_files[@]}")
    for path in "${files[@]}"; do
        [[ $path != sql/*.sql ]] || read+=("$path")
    done
    run_walls tables "${read[@]}"
}

# run_walls RULE FILE... – RULE.py tells the faults; when it fails itself, that is one.
run_walls() {
    local rule=$1 output status=0
    shift
    output=$("$python" -B "$here/lib/check/$rule.py" "$@" 2>&1) || status=$?
    [[ -z $output ]] || tell_faults <<<"$output"
    ((status == 0)) || fault "scripts/lib/check/$rule.py" "ended with status $status."
}
