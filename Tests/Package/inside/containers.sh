# shellcheck shell=bash
# The seccomp profile of the containers, without a container: a node under it transcribes, its sandboxes are whole, and what
# no node needs is refused.
source /test/inside/support.sh

readonly profile=/deploy/container/seccomp.json
confined() { setpriv --reuid=verbatim --regid=verbatim --init-groups --no-new-privs --bounding-set=-all /test/inside/seccomp_run.py "$profile" "$@"; }

found=$(confined /bin/sh -c '/usr/lib/verbatim/verbatim-media --self-check </etc/hostname 2>/dev/null | cat')
is_tight "$found" "under the seccomp profile"
for refused in 'unshare --mount true' 'unshare --user --pid true' 'unshare --net --uts true'; do
    ! confined $refused 2>/dev/null || fail "the seccomp profile allows: $refused"
done
confined unshare --user --net true || fail "the seccomp profile refuses what the sandbox of media does"

systemctl stop verbatim-serve
install -d /run/systemd/system/verbatim-serve.service.d
printf '[Service]\nExecStart=\nExecStart=/test/inside/seccomp_run.py %s /usr/bin/verbatim serve\n' "$profile" \
    >/run/systemd/system/verbatim-serve.service.d/seccomp.conf
systemctl daemon-reload
systemctl start verbatim-serve
eventually "the node is ready under the seccomp profile" ready
log_in
transcribe "$service"
rm -r /run/systemd/system/verbatim-serve.service.d
systemctl daemon-reload
systemctl restart verbatim-serve
eventually "the node is ready" ready
