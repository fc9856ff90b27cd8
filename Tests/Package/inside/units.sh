# shellcheck shell=bash
# API, worker and model server, each as a unit of its own.
source /test/inside/support.sh

echo VERBATIM_INFERENCE_URL=http://127.0.0.1:8000 >>"$env"
systemctl start verbatim-inference verbatim-api verbatim-worker
is inactive "$(systemctl is-active verbatim-serve || true)" "verbatim-serve beside verbatim-api"
eventually "the API is ready" ready
log_in
transcribe "$service"
is "$(systemctl show -P MainPID verbatim-inference)" "$(pgrep -u verbatim -f verbatim_inference)" "the only model server"

# A stop drains, and ends everything of the unit.
for unit in verbatim-worker verbatim-api verbatim-inference; do
    systemctl stop "$unit"
    is success "$(systemctl show -P Result "$unit")" "how $unit ended"
done
is "" "$(pgrep -u verbatim || true)" "processes of the service after its units were stopped"
sed -i /^VERBATIM_INFERENCE_URL/d "$env"
