# shellcheck shell=bash
# A PostgreSQL cluster for one run of a benchmark, made, configured and started by the functions that scripts/run uses,
# but apart from what a person tries out: with a run folder of its own, which ends with the run.

readonly bench_home=$root/.run/bench

# The functions of postgres.sh find everything by $root; for them that is the bench's folder.
postgres_functions=$root/scripts/lib/postgres.sh
# shellcheck source=/dev/null
root=$bench_home source "$postgres_functions"

# Answers the cluster's URL in $database_url, the pid of its first process in $database_pid.
start_bench_database() {
    remove_bench_database # what a killed run left
    mkdir -p -- "$bench_home/.run"
    at_exit+=(remove_bench_database)
    root=$bench_home start_cluster
    database_pid=$(as_cluster_user head -n 1 "$cluster_place/data/postmaster.pid")
}

remove_bench_database() {
    (
        root=$bench_home
        find_cluster || exit 0
        stop_cluster
        rm -rf -- "${cluster_place:?}" "${cluster_note:?}"
    )
}
