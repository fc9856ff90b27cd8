# shellcheck shell=bash
# The embedded PostgreSQL cluster of this checkout, reached by a unix socket alone. Everything is durable: it holds what
# a person tries out. Root cannot run PostgreSQL, so for root it belongs to and runs as the user `postgres`.
# Guarantees: no TCP port; only its owner (and root) can connect; an interrupted creation leaves nothing half made.

readonly cluster_note=$root/.run/postgres.place
cluster_place=
cluster_user=
postgres_bin=

# Answers in $postgres_bin where the server's programs lie: the newest, or the major version named by $1.
find_postgres() {
    local directory
    for directory in $(compgen -G "/usr/lib/postgresql/${1:-*}/bin" | sort -rV) \
        "$(pg_config --bindir 2>/dev/null || true)"; do
        if [[ -x $directory/initdb && -x $directory/postgres && -x $directory/pg_ctl ]]; then
            [[ -z ${1:-} || $("$directory/postgres" --version) == *") $1."* ]] || continue
            postgres_bin=$directory
            return 0
        fi
    done
    return 1
}

# Runs a command as the cluster's user, who may not be able to read the current directory.
as_cluster_user() {
    if [[ $cluster_user == "$(id -un)" ]]; then
        "$@"
    else
        (cd / && runuser -u "$cluster_user" -- "$@")
    fi
}

# Answers in $cluster_place and $cluster_user where the cluster is and whose; fails where none was made yet.
find_cluster() {
    if [[ -f $cluster_note ]]; then cluster_place=$(<"$cluster_note"); else cluster_place=$root/.run/postgres; fi
    [[ -d $cluster_place ]] || return 1
    cluster_user=$(stat -c %U -- "$cluster_place")
    [[ $cluster_user == "$(id -un)" ]] || ((EUID == 0)) ||
        fail "the database in $cluster_place belongs to $cluster_user: run this as that user."
}

# The cluster lies in .run/postgres; elsewhere where that path is too long for a socket (107 bytes), not plain enough
# for a connection URL, or closed to its user. `mktemp` makes a directory that nobody else can have prepared.
make_cluster_place() {
    if ((EUID == 0)); then cluster_user=postgres; else cluster_user=$(id -un); fi
    cluster_place=$root/.run/postgres
    # `test -x` as that user: every directory above must be open to it.
    if ((${#cluster_place} > 80)) || [[ $cluster_place == *[!A-Za-z0-9/._-]* ]] ||
        ! as_cluster_user test -x "$root/.run"; then
        cluster_place=$(mktemp -d /var/tmp/verbatim-XXXXXXXX)
        printf '%s\n' "$cluster_place" >"$cluster_note"
    else
        rm -f -- "$cluster_note"
        mkdir -- "$cluster_place"
    fi
    chmod 0700 -- "$cluster_place"
    if ((EUID == 0)); then chown postgres: -- "$cluster_place"; fi
}

create_cluster() {
    local new=$cluster_place/data.new
    require_space 300 "the database"
    as_cluster_user rm -rf -- "$new"
    as_cluster_user "$postgres_bin/initdb" -D "$new" -U verbatim -A trust --locale=C.UTF-8 -E UTF8 >/dev/null ||
        fail "the database cluster could not be created in $cluster_place; what initdb says is above."
    as_cluster_user tee -a "$new/postgresql.conf" >/dev/null <<TEXT
listen_addresses = ''
unix_socket_directories = '$cluster_place'
unix_socket_permissions = 0700
max_connections = 200
TEXT
    as_cluster_user mv -- "$new" "$cluster_place/data"
    # Whoever was known to an earlier cluster is unknown to this one.
    rm -f -- "$root/.run/demo.json"
}

cluster_runs() {
    as_cluster_user "$postgres_bin/pg_ctl" -D "$cluster_place/data" status >/dev/null 2>&1
}

# Starts the cluster unless it runs, after creating it if there is none, and notes that it did; answers its URL in
# $database_url.
start_cluster() {
    local major
    find_cluster || make_cluster_place
    if as_cluster_user test -e "$cluster_place/data/PG_VERSION"; then
        major=$(as_cluster_user cat "$cluster_place/data/PG_VERSION")
        find_postgres "$major" ||
            fail "$cluster_place was made by PostgreSQL $major, which is not installed: install it, or delete the" \
                "directory to begin anew."
    else
        find_postgres || fail "PostgreSQL's server is not installed: run scripts/setup."
        create_cluster
    fi
    if ! cluster_runs; then
        if [[ -n ${once_note:-} ]]; then echo cluster >>"$once_note"; fi
        as_cluster_user "$postgres_bin/pg_ctl" -D "$cluster_place/data" -l "$cluster_place/log" -w -t 60 -s start \
            </dev/null 7>&- 8>&- 9>&- ||
            fail "the database cluster did not start: $(as_cluster_user tail -n 1 "$cluster_place/log")"
    fi
    database_url="postgresql://verbatim@/verbatim?host=$cluster_place"
    "$postgres_bin/psql" -qAtX "postgresql://verbatim@/postgres?host=$cluster_place" \
        -c "SELECT 1 FROM pg_database WHERE datname = 'verbatim'" | grep -qx 1 ||
        "$postgres_bin/createdb" -U verbatim -h "$cluster_place" verbatim
}

stop_cluster() {
    find_cluster || return 0
    find_postgres "$(as_cluster_user cat "$cluster_place/data/PG_VERSION" 2>/dev/null)" && cluster_runs || return 0
    as_cluster_user "$postgres_bin/pg_ctl" -D "$cluster_place/data" -m fast -w -t 60 -s stop </dev/null ||
        say "the database cluster in $cluster_place did not stop."
}
