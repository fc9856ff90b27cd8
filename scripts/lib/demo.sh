# shellcheck shell=bash
# The demo tenant with its one key, kept in .run/demo.json (0600), and a way to talk to the API in its name.
# Guarantees that neither the key nor a token is ever an argument of a process, where others could read it.

readonly demo_note=$root/.run/demo.json
access_token=

# Logs in, with a tenant and key that are made the first time, or when the database no longer knows them.
log_in() {
    local attempt
    for attempt in first second; do
        [[ -s $demo_note ]] || create_demo
        request POST /auth/token -H 'Content-Type: application/json' --data-binary "@$demo_note"
        if [[ $http_status == 200 ]]; then
            json_get "$http_body" access_token || fail "the service answered a login with no JSON."
            access_token=${replies[0]}
            return 0
        fi
        [[ $http_status == 401 && $attempt == first ]] || break
        rm -f -- "$demo_note"
    done
    fail "the demo key was not accepted: $(problem)"
}

create_demo() {
    local tenant key scope scopes=()
    tenant=$(admin tenant create --name Demo --plan business --json 2>"$root/.run/admin.log") ||
        fail "the demo tenant could not be made: $(tail -n 1 "$root/.run/admin.log")"
    json_get "$tenant" tenant_id || fail "verbatim-admin tenant create answered no JSON."
    tenant=${replies[0]}
    # All scopes, so that every call of the documentation can be tried.
    for scope in jobs:write jobs:read jobs:delete usage:read webhooks:write keys:write; do scopes+=(--scope "$scope"); done
    key=$(admin key issue --tenant "$tenant" --name demo "${scopes[@]}" --json 2>"$root/.run/admin.log") ||
        fail "the demo key could not be made: $(tail -n 1 "$root/.run/admin.log")"
    json_get "$key" key_id api_key || fail "verbatim-admin key issue answered no JSON."
    (
        umask 077
        printf '{"tenant_id":"%s","key_id":"%s","api_key":"%s"}\n' "$tenant" "${replies[@]}" >"$demo_note.new"
    )
    mv -- "$demo_note.new" "$demo_note"
}

# request METHOD PATH [CURL-ARGUMENT...] – answers $http_status (000: no answer) and $http_body.
request() {
    local method=$1 path=$2 answer
    shift 2
    answer=$(curl -sS -m "${request_seconds:-30}" -X "$method" -w '\n%{http_code}' "$@" \
        -H @<(if [[ -n $access_token ]]; then printf 'Authorization: Bearer %s\n' "$access_token"; fi) \
        "$service_url$path" 2>"$root/.run/curl.log") || true
    http_status=${answer##*$'\n'}
    http_body=${answer%$'\n'*}
}

# What the last answer says is wrong: the message of its problem, else its status.
problem() {
    if json_get "$http_body" message && [[ -n $reply ]]; then
        printf '%s' "$reply"
    elif [[ $http_status == 000 ]]; then
        printf 'the service at %s does not answer' "$service_url"
    else
        printf 'the service answered with status %s' "$http_status"
    fi
}

# Where the dashboard is, with a link that sets the password of the demo account's owner.
print_dashboard_help() {
    local tenant link member=$root/.run/demo-member
    json_get "$(<"$demo_note")" tenant_id || fail "$demo_note is damaged: remove it."
    tenant=$reply
    link=
    if [[ -s $member ]]; then
        link=$(admin member reset "$(<"$member")" --tenant "$tenant" --json 2>"$root/.run/admin.log") || link=
    fi
    if [[ -z $link ]]; then
        link=$(admin member invite --tenant "$tenant" --email demo@example.com --role owner --json 2>"$root/.run/admin.log") ||
            fail "the demo's link could not be made: $(tail -n 1 "$root/.run/admin.log")"
        json_get "$link" member_id || fail "verbatim-admin member invite answered no JSON."
        printf '%s\n' "$reply" >"$member"
    fi
    json_get "$link" link || fail "verbatim-admin answered no JSON."
    printf '\nThe dashboard: %s/app. This link sets the password of demo@example.com:\n\n  %s%s\n\n' \
        "$service_url" "$service_url" "${reply#"$service_url"}" >&2
}

# What to do to be told of a job's end on this machine, and the secret that the demo account's webhooks are signed with.
print_webhook_help() {
    local secret
    json_get "$(<"$demo_note")" tenant_id || fail "$demo_note is damaged: remove it."
    secret=$(admin webhook-secret create --tenant "$reply" --json 2>"$root/.run/admin.log") ||
        fail "the demo's webhook secret could not be read: $(tail -n 1 "$root/.run/admin.log")"
    json_get "$secret" secret || fail "verbatim-admin webhook-secret create answered no JSON."
    printf '\nThe webhook secret of the demo account: %s\n' "$reply" >&2
    if [[ -n ${VERBATIM_EGRESS_ALLOW:-} ]]; then
        printf 'webhook_url and source_url may also name addresses in %s.\n' "$VERBATIM_EGRESS_ALLOW" >&2
    else
        cat >&2 <<'TEXT'
Webhooks and source URLs on this machine are refused. To allow them, run

  VERBATIM_EGRESS_ALLOW=127.0.0.0/8 scripts/run

and send a job with -F webhook_url=http://127.0.0.1:9000/ (docs/webhooks.md has a receiver to copy).
TEXT
    fi
}
