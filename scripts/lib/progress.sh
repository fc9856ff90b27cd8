# shellcheck shell=bash
# A progress bar on standard error: redrawn in place on a terminal; elsewhere a plain line every quarter, and every minute.
# Guarantees that whatever is said after a bar starts on a line of its own.

bar_width=30
bar_drawn=
bar_quarter=-1
bar_said_at=0
if [[ -t 2 && ${TERM:-dumb} != dumb ]]; then bar_live=1; else bar_live=; fi

# bar_show LABEL PERMILLE TAIL – PERMILLE is 0–1000; TAIL is what stands behind the bar, such as the time left.
bar_show() {
    local label=$1 permille=$2 tail=$3
    if [[ -z $bar_live ]]; then
        if ((permille / 250 > bar_quarter || SECONDS - bar_said_at >= 60)); then
            bar_quarter=$((permille / 250))
            bar_said_at=$SECONDS
            printf '%s: %d %%%s\n' "$label" $((permille / 10)) "${tail:+, $tail}" >&2
        fi
        return 0
    fi
    local full=$((permille * bar_width / 1000)) done_part rest_part
    printf -v done_part '%*s' "$full" ''
    printf -v rest_part '%*s' $((bar_width - full)) ''
    printf '\r\033[K%s [%s%s] %3d %%  %.30s' \
        "$label" "${done_part// /#}" "${rest_part// /-}" $((permille / 10)) "$tail" >&2
    bar_drawn=1
}

# bar_show_time LABEL PASSED EXPECTED – a bar for what does not tell how far it is; the times in seconds.
bar_show_time() {
    local share tail
    share_of_time "$2" "$3"
    share=$reply
    clock "$2"
    tail=$reply
    if (($2 < $3)); then
        clock "$3"
        tail+=" of about $reply"
    fi
    bar_show "$1" "$share" "$tail"
}

# share_of_time PASSED EXPECTED – answers in $reply, in thousandths, how far something is that is expected to take
# EXPECTED seconds. It grows with the time, slower toward the end and past it, and is never 1000.
share_of_time() {
    local share=$(($1 * 1000 / $2))
    # This curve goes on from the straight line in the same direction.
    if ((share > 850)); then share=$((1000 - 22500 / (share - 700))); fi
    reply=$((share < 1000 ? share : 999))
}

# Removes the bar from the terminal and starts the next one afresh.
bar_clear() {
    if [[ -n $bar_drawn ]]; then printf '\r\033[K' >&2; fi
    bar_drawn=
}

bar_reset() {
    bar_clear
    bar_quarter=-1
}

# clock SECONDS – answers in $reply: 0:07, 12:30, 1:02:03.
clock() {
    local seconds=$1
    if ((seconds >= 3600)); then
        printf -v reply '%d:%02d:%02d' $((seconds / 3600)) $((seconds / 60 % 60)) $((seconds % 60))
    else
        printf -v reply '%d:%02d' $((seconds / 60)) $((seconds % 60))
    fi
}
