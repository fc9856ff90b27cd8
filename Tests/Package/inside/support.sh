# shellcheck shell=bash
# What the steps inside the container share: waiting for events, the node's settings, and a customer's calls.

set -Eeuo pipefail
trap 'echo "package: ${BASH_SOURCE[0]##*/} line $LINENO: $BASH_COMMAND" >&2' ERR
readonly env=/etc/verbatim/verbatim.env service=http://127.0.0.1:8080 sample=/samples/sense-and-sensibility.flac
readonly nodes=(verbatim-api verbatim-worker verbatim-serve) units=(verbatim-{api,worker,serve,inference})

fail() {
    printf 'package: %s\n' "$*" >&2
    exit 1
}

# is WANTED FOUND WORDS
is() { [[ $1 == "$2" ]] || fail "$3: $2 instead of $1"; }

# eventually WORDS COMMAND... – until it succeeds; the limit is for what never does.
eventually() {
    local words=$1 limit=$((SECONDS + 300))
    shift
    until "$@"; do
        ((SECONDS < limit)) || fail "not within five minutes: $words"
        sleep 0.2
    done
}

ready() { [[ $(curl -s -o /dev/null -m 10 -w '%{http_code}' "$service/readyz") == 200 ]]; }

# admin ARGUMENT... – as docs/self-hosting.md tells operators to run it.
admin() {
    systemd-run -qGP --uid=verbatim -p EnvironmentFile="$env" -p LoadCredential=master-key:/etc/verbatim/master.key \
        -E VERBATIM_MASTER_KEY_FILE=/run/credentials/admin.service/master-key --unit=admin verbatim-admin "$@"
}

# as_unit UNIT COMMAND – runs a command with everything a unit sets, and prints what it prints.
as_unit() {
    local check=check-$1
    sed -e "s~^ExecStart=.*~ExecStart=$2~" -e 's/^Type=.*/Type=oneshot/' -e '/^Restart/d' -e '/^Conflicts/d' \
        "/usr/lib/systemd/system/$1.service" >"/run/systemd/system/$check.service"
    printf '[Service]\nStandardOutput=truncate:/run/%s.out\n' "$check" \
        >>"/run/systemd/system/$check.service"
    if [[ -d /etc/systemd/system/$1.service.d ]]; then
        cp -R -- "/etc/systemd/system/$1.service.d" "/run/systemd/system/$check.service.d"
    fi
    systemctl daemon-reload
    local status=0
    systemctl start "$check" || status=$?
    cat "/run/$check.out"
    return "$status"
}

# member JSON NAME – one member of a JSON object.
member() { python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"; }

# log_in [CURL-ARGUMENT...] – answers in $token; the key is in /run/key.json.
log_in() {
    token=$(member "$(curl -sS -m 30 "$@" "$service/auth/token" -H 'Content-Type: application/json' -d @/run/key.json)" \
        access_token)
}

# status_of CURL-ARGUMENT... – the status of an answer alone.
status_of() { curl -sS -o /dev/null -m 60 -w '%{http_code}' "$@"; }

# transcribe URL [CURL-ARGUMENT...] – sends the sample, waits for its end, and expects its words.
transcribe() {
    local url=$1 job
    shift
    job=$(member "$(curl -sS -m 600 "$@" "$url/jobs" -H "Authorization: Bearer $token" -F "file=@$sample")" job_id)
    job_url=$url/jobs/$job
    eventually "the job ends" ended "$@"
    curl -sS -m 60 "$@" "$job_url/transcript?format=txt" -H "Authorization: Bearer $token" | grep 'John Dashwood' >/dev/null ||
        fail "the transcript lacks the words of the recording"
}

ended() {
    local answer
    answer=$(curl -sS -m 60 "$@" "$job_url" -H "Authorization: Bearer $token")
    case $(member "$answer" status) in
    completed) return 0 ;;
    failed | cancelled) fail "the job did not complete: $answer" ;;
    *) return 1 ;;
    esac
}

# is_tight REPORT WORDS – what verbatim-media --self-check prints: every part of its sandbox works.
is_tight() {
    python3 - "$1" <<'PYTHON' || fail "the sandbox of media $2: $1"
import json, sys
found = json.loads(sys.argv[1])
sys.exit(found.pop("seccomp") != 2 or len(found) < 8 or not all(value is True for value in found.values()))
PYTHON
}
