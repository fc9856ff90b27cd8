# shellcheck shell=bash
# A PostgreSQL cluster for one run of a benchmark or a soak, made, configured and started by the functions that scripts/run
# uses, but apart from what a person tries out: with a run folder of its own ($own_home), which ends with the run.

# The functions of postgres.sh find everything by $root; for them that is the own folder.
postgres_functions=$root/scripts/lib/postgres.sh
# shellcheck source=/dev/null
root=$own_home source "$postgres_functions"

# Answers the cluster's URL in $database_url, the pid of its first process in $database_pid.
start_own_database() {
    remove_own_database # what a killed run left
    mkdir -p -- "$own_home/.run"
    at_exit+=(remove_own_database)
    root=$own_home start_cluster
    database_pid=$(as_cluster_user head -n 1 "$cluster_place/data/postmaster.pid")
}

remove_own_database() {
    (
        root=$own_home
        find_cluster || exit 0
        stop_cluster
        rm -rf -- "${cluster_place:?}" "${cluster_note:?}"
    )
}
