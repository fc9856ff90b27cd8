# shellcheck shell=bash
# One file in, one transcript out, over HTTP, with a progress bar and the time left.

readonly pace_note=$root/.run/pace

# submit FILE – answers $job_id.
submit() {
    local quoted=${1//\\/\\\\} request_seconds=3600
    quoted=${quoted//\"/\\\"}
    # Without `Expect`, a small file costs no extra round trip.
    request POST /jobs --form diarize=true --form "file=@\"$quoted\"" -H 'Expect:'
    [[ $http_status == 202 ]] || fail "${1##*/} was not accepted: $(problem)"
    json_get "$http_body" job_id || fail "the service accepted the file with no JSON."
    job_id=${replies[0]}
}

# follow JOB LABEL – waits for the end of the job; fails with the job's own words if that is not `completed`.
follow() {
    local job=$1 label=$2 started=$SECONDS failures=0 permille=0 duration=0 seen=0 expected=0
    while true; do
        request GET "/jobs/$job"
        if [[ $http_status == 401 ]]; then
            access_token=
            log_in
            continue
        elif [[ $http_status != 200 ]] ||
            ! json_get "$http_body" status 'progress*1000' 'duration_seconds*1000' error.message error.code; then
            # A restart in between is no reason to give up; a service that stays away is.
            ((++failures < 60)) || fail "the job could not be followed: $(problem)"
            sleep 1
            continue
        fi
        failures=0 permille=${replies[1]} duration=${replies[2]}
        case ${replies[0]} in
        completed)
            bar_show "$label" 1000 ''
            bar_reset
            note_pace "$duration" $((SECONDS - started))
            return 0
            ;;
        failed) fail "the job failed: ${replies[3]:-${replies[4]:-no reason was given}}" ;;
        cancelled) fail "the job was cancelled." ;;
        esac
        find_time_left
        bar_show "$label" "$permille" "$reply"
        sleep 0.5
    done
}

# Answers the time left in $reply: expected from the pace so far whenever there is progress (which comes in steps, a piece
# of the recording at a time), before that from the pace of the last job here.
find_time_left() {
    if ((permille > seen)); then
        seen=$permille
        expected=$(((SECONDS - started) * 1000 / permille))
    elif ((seen == 0 && duration > 0)) && [[ -s $pace_note ]]; then
        expected=$((duration / $(<"$pace_note")))
    fi
    if ((expected > 0)); then
        clock $((expected > SECONDS - started ? expected - (SECONDS - started) : 1))
        reply="about $reply left"
    else
        clock $((SECONDS - started))
        reply="${replies[0]}, $reply so far"
    fi
}

# note_pace MILLISECONDS-OF-AUDIO SECONDS – keeps how many milliseconds of audio were done in a second.
note_pace() {
    if (($1 > 0)); then printf '%s\n' $(($1 / ($2 > 0 ? $2 : 1) + 1)) >"$pace_note"; fi
}

# The finished transcript as text, on standard output.
print_transcript() {
    request GET "/jobs/$1/transcript?format=txt"
    [[ $http_status == 200 ]] || fail "the transcript could not be fetched: $(problem)"
    printf '%s\n' "${http_body%$'\n'}"
}
