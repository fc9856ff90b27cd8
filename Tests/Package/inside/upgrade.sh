# shellcheck shell=bash
# An upgrade keeps settings and data, restarts what runs, and starts nothing else.
source /test/inside/support.sh

systemctl start verbatim-serve
eventually "the node is ready" ready
before=$(systemctl show -P MainPID verbatim-serve)
settings=$(sha256sum "$env" /etc/verbatim/master.key)
ln -sfn .venv-test /usr/lib/verbatim/ingest/.venv
cp -a /usr/lib/verbatim/ingest/.venv-packaged /usr/lib/verbatim/ingest/.venv-test
echo updated 2999.1.1 >/usr/lib/verbatim/ingest/.venv-test/complete

dpkg -i /packages/verbatim_*.deb /packages/verbatim-inference_*.deb >/run/dpkg 2>&1 || fail "the upgrade: $(</run/dpkg)"

is "$settings" "$(sha256sum "$env" /etc/verbatim/master.key)" "the settings after an upgrade"
is "640 root:verbatim" "$(stat -c '%a %U:%G' "$env")" "the rights of the settings after an upgrade"
[[ $(systemctl show -P MainPID verbatim-serve) != "$before" ]] || fail "the upgrade did not restart the node"
eventually "the node is ready after the upgrade" ready
for unit in verbatim-api verbatim-worker verbatim-inference; do
    is inactive "$(systemctl is-active "$unit" || true)" "$unit after an upgrade"
done
is .venv-test "$(readlink /usr/lib/verbatim/ingest/.venv)" "a newer yt-dlp after an upgrade"
echo updated 2001.1.1 >/usr/lib/verbatim/ingest/.venv-test/complete
dpkg-reconfigure verbatim
is .venv-packaged "$(readlink /usr/lib/verbatim/ingest/.venv)" "an older yt-dlp after an upgrade"
eventually "the node is ready after its package was set up again" ready
log_in
curl -sSf -m 60 "$service/jobs" -H "Authorization: Bearer $token" | grep completed >/dev/null || fail "the jobs are gone after the upgrade"
