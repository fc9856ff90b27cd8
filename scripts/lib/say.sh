# shellcheck shell=bash
# What a person reads, all of it on standard error: messages, one-sentence failures, and what is tidied at the end.
# Sourced first by every script. Guarantees that a script that ends with a status other than 0 has said why in one
# sentence, and that the functions named in `at_exit` run however it ends (end, failure, Ctrl-C, SIGTERM).

set -Eeuo pipefail
umask 022
export LC_ALL=C.UTF-8
# A shell of `su` without `-` lacks the folders of runuser and its kin.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# Exit statuses with a meaning of their own (sysexits.h).
readonly EX_USAGE=64 EX_NOINPUT=66 EX_UNAVAILABLE=69

at_exit=()
failure_said=
failed_at=
child=

say() {
    bar_clear
    printf '%s\n' "$*" >&2
}

# fail [-s STATUS] SENTENCE – says one sentence and ends the script.
fail() {
    local status=1
    if [[ $1 == -s ]]; then
        status=$2
        shift 2
    fi
    failure_said=1
    say "scripts/${0##*/}: $*"
    exit "$status"
}

# Runs a command as a session of its own, so that ending it ends the whole tree; returns its status.
# A signal that arrives meanwhile is acted upon at once, which bash would not do for a command in the foreground.
run_child() {
    local status=0
    setsid -- "$@" </dev/null 7>&- 8>&- 9>&- &
    child=$!
    wait "$child" || status=$?
    child=
    return "$status"
}

# Runs a command that itself says why it failed.
run_part() {
    run_child "$@" || {
        failure_said=1
        exit 1
    }
}

# Ends the command that `run_child` (or who else set `child`) has under way.
end_child() {
    local session=$child
    child=
    [[ -z $session ]] || end_session "$session"
}

# end_session PID – ends a command that was started as a session of its own: asked first, killed after five seconds.
# By session, for a build puts each of its compilers into a process group of its own.
end_session() {
    local session=$1 turns=0 members
    kill -TERM "$session" 2>/dev/null
    while members=$(ps -o pid= -s "$session") && ((turns++ < 50)); do
        xargs -r kill -TERM <<<"$members" 2>/dev/null
        sleep 0.1
    done
    xargs -r kill -KILL <<<"$members" 2>/dev/null
}

leave() {
    local status=$? index
    trap '' INT TERM HUP
    trap - EXIT
    set +e
    bar_clear
    end_child
    for ((index = ${#at_exit[@]} - 1; index >= 0; index--)); do
        "${at_exit[index]}"
    done
    if ((status > 128)); then
        say "scripts/${0##*/}: stopped by a signal."
    elif ((status != 0)) && [[ -z $failure_said ]]; then
        say "scripts/${0##*/}: stopped by an unexpected failure (status $status, $failed_at)."
    fi
    exit "$status"
}

trap leave EXIT
trap 'failed_at="${BASH_SOURCE[0]##*/} line $LINENO"' ERR
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
