# shellcheck shell=bash
# The service of this checkout: one process, its record in .run/service.state, its log in .run/service.log.
# Guarantees: a running service is reused only if it is healthy and of this very build and settings; nobody's service is
# stopped under a scripts/run that still uses it; a pid that another process took over meanwhile is never signaled.
#
# Locks: 7 .run/service.lock, held while a service is started or stopped; 8 .run/users.lock, shared by all who use it.

readonly service_state=$root/.run/service.state service_log=$root/.run/service.log
# What the last scripts/run to leave has to stop, a word a line; absent while somebody wants the service to stay.
readonly once_note=$root/.run/service.once
service_pid='' service_port='' service_build=''

# The build and the settings that a running service must match.
service_identity() {
    {
        find "${products[@]/#/$root/.build/release/}" "$root/.run/master.key" "$root/sql" "$root/inference/serve" \
            "$root/inference/verbatim_inference" -type f -not -name '*.pyc' -printf '%p %i %T@ %C@ %s\n' | sort
        env | grep '^VERBATIM_' | sort || true
    } | sha256sum | cut -c 1-16
}

# The start time of a process in clock ticks: with the pid it names one process for good. Fails if it has ended.
start_of() {
    local line fields
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    read -ra fields <<<"${line##*) }"
    [[ ${fields[0]} != [ZX] ]] || return 1
    printf '%s' "${fields[19]}"
}

# Answers pid, port and build of the recorded service; fails unless that process lives.
find_service() {
    local started
    if [[ -f $service_state ]] && read -r service_pid started service_port service_build <"$service_state" &&
        [[ $(start_of "$service_pid") == "$started" ]]; then
        return 0
    fi
    service_pid=''
    return 1
}

service_ready() {
    [[ $(curl -s -o /dev/null -m 5 -w '%{http_code}' "$service_url/readyz") == 200 ]]
}

port_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# refuse_taken_port PORT – before anything that takes long: fails if a stranger has the port that will be asked for.
refuse_taken_port() {
    if find_service && [[ -z $1 || $1 == "$service_port" ]]; then return 0; fi
    ! port_taken "${1:-8080}" ||
        fail -s "$EX_UNAVAILABLE" "port ${1:-8080} is taken by another program: name a free one with --port."
}

lock_service() {
    exec 7>"$root/.run/service.lock"
    flock -w 120 7 || fail "another scripts/run is starting or stopping the service and does not come to an end."
}

# enter_service PORT – makes a healthy service run on PORT (or any port, when PORT is empty and one runs) and takes
# part in its use. Answers its address in $service_url. What it starts ends with its last user, unless `keep_service`.
enter_service() {
    local port=$1 temporary=1
    require_space 200 "a run"
    exec 8>"$root/.run/users.lock"
    lock_service
    start_cluster
    if find_service; then
        service_url=http://127.0.0.1:$service_port
        if [[ -n $port && $port != "$service_port" ]] || [[ $service_build != "$(service_identity)" ]] ||
            ! service_ready; then
            flock -n 8 || fail "the running service must be restarted, but another scripts/run still uses it."
            say "Restarting the service: it is of another build, setting or port, or not well."
            # One that was meant to stay is replaced by one that stays.
            [[ -f $once_note ]] || temporary=
            end_service
        fi
    fi
    if [[ -z $service_pid ]]; then
        if [[ -n $temporary ]]; then echo service >>"$once_note"; fi
        start_service "${port:-8080}"
    fi
    flock -s 8
    exec 7>&-
}

start_service() {
    local port=$1 turns=0 pid build settings
    service_url=http://127.0.0.1:$port
    refuse_taken_port "$port"
    (umask 077 && mkdir -p -- "$root/.run/storage" "$root/.run/scratch")
    make_master_key
    migrate
    build=$(service_identity)
    find_settings
    settings+=(VERBATIM_LISTEN="127.0.0.1:$port" VERBATIM_PUBLIC_URL="${VERBATIM_PUBLIC_URL:-$service_url}")
    # setsid and env become the service by exec, so that the pid is its own.
    setsid -- env -C "$root" "${settings[@]}" "$root/.build/release/verbatim" serve \
        </dev/null >"$service_log" 2>&1 7>&- 8>&- 9>&- &
    pid=$!
    disown
    printf '%s %s %s %s\n' "$pid" "$(start_of "$pid" || echo ended)" "$port" "$build" >"$service_state"
    until service_ready; do
        find_service || fail "the service ended at its start: $(last_words) (log: $service_log)"
        ((turns++ < 1200)) || fail "the service did not become ready in two minutes (log: $service_log)."
        sleep 0.1
    done
    find_service
}

# Why it ended: what the log holds after its last JSON line, else that line's message.
last_words() {
    local words
    words=$(awk '/^[{]/ { text = "" } !/^[{]/ && NF { text = text " " $0 } END { print text }' "$service_log")
    if [[ -z ${words// /} ]] && json_get "$(tail -n 1 "$service_log")" message; then words=$reply; fi
    read -ra words <<<"${words:-it said nothing}"
    printf '%.500s' "${words[*]}"
}

# Answers in the array $settings the environment of this checkout's service.
find_settings() {
    settings=(
        -u VERBATIM_DATABASE_URL_FILE -u VERBATIM_MASTER_KEY -u VERBATIM_STORAGE_FILE -u VERBATIM_SCRATCH_FILE
        -u VERBATIM_LISTEN_FILE -u VERBATIM_HOME
        VERBATIM_DATABASE_URL="$database_url" VERBATIM_MASTER_KEY_FILE="$root/.run/master.key"
        VERBATIM_STORAGE="file://${root//%/%25}/.run/storage" VERBATIM_SCRATCH="$root/.run/scratch"
        # No load balancer stands before it.
        VERBATIM_SHUTDOWN_DELAY=0
    )
}

make_master_key() {
    [[ ! -s $root/.run/master.key ]] || return 0
    (
        umask 077
        od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$root/.run/master.key.new"
    )
    mv -- "$root/.run/master.key.new" "$root/.run/master.key"
}

admin() {
    local settings
    find_settings
    env -C "$root" "${settings[@]}" "$root/.build/release/verbatim-admin" "$@" </dev/null
}

migrate() {
    admin migrate >"$root/.run/migrate.log" 2>&1 ||
        fail "the database could not be migrated: $(tail -n 1 "$root/.run/migrate.log")"
}

# Asks the recorded service to drain, and kills what has not ended after 50: a node takes up to 45 to drain.
end_service() {
    local turns=0
    if find_service; then
        kill -TERM "$service_pid" 2>/dev/null || true
        while find_service && ((turns++ < 500)); do
            sleep 0.1
        done
        if find_service; then kill -KILL -- "-$service_pid" 2>/dev/null || true; fi
    fi
    service_pid=''
    rm -f -- "$service_state"
}

# For `at_exit`: gives up the use of the service, and stops what nobody wants any more.
leave_service() {
    [[ -e /proc/self/fd/8 ]] || return 0
    exec 8>&- 7>"$root/.run/service.lock"
    flock -w 120 7 || return 0
    exec 8>"$root/.run/users.lock"
    if [[ -f $once_note ]] && flock -n 8; then
        if grep -qx service "$once_note"; then end_service; fi
        if grep -qx cluster "$once_note"; then stop_cluster; fi
        rm -f -- "$once_note"
    fi
    exec 7>&- 8>&-
}

keep_service() {
    rm -f -- "$once_note"
}

# scripts/run --stop
stop_everything() {
    lock_service
    rm -f -- "$once_note"
    end_service
    stop_cluster
    say "Stopped."
}
