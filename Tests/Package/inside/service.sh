# shellcheck shell=bash
# From an installed package to a transcript, as docs/self-hosting.md says.
source /test/inside/support.sh

systemctl start postgresql
setpriv --reuid=postgres --regid=postgres --init-groups createuser --createrole verbatim
setpriv --reuid=postgres --regid=postgres --init-groups createdb --owner verbatim --template template0 --encoding UTF8 verbatim
(umask 077 && openssl rand -hex 32 >/etc/verbatim/master.key)
sed -i -e 's/^#\(VERBATIM_DATABASE_URL\|VERBATIM_TRUSTED_PROXIES\)=/\1=/' "$env"
for unit in "${nodes[@]}"; do
    install -d "/etc/systemd/system/$unit.service.d"
    cat >"/etc/systemd/system/$unit.service.d/master-key.conf" <<'TEXT'
[Service]
LoadCredential=master-key:/etc/verbatim/master.key
Environment=VERBATIM_MASTER_KEY_FILE=%d/master-key
TEXT
done
systemctl daemon-reload
admin migrate >/dev/null
systemctl -q enable --now verbatim-serve
eventually "the node is ready" ready
pgrep -u verbatim -f verbatim_inference >/dev/null || fail "the node did not start a model server"

# Each node's own restrictions leave everything that it needs, and the sandboxes are whole.
for unit in "${nodes[@]}"; do
    found=$(as_unit "$unit" "/usr/lib/verbatim/verbatim-admin doctor") || fail "doctor in $unit: $found"
    is "" "$(grep -v -e '^ok ' -e '^STATE ' <<<"$found" || true)" "what doctor in $unit does not find ok"
    # It wants a file to read, and a pipe to write to.
    found=$(as_unit "$unit" "/bin/sh -c '/usr/lib/verbatim/verbatim-media --self-check </etc/hostname 2>/dev/null | cat'")
    is_tight "$found" "in $unit"
done

tenant=$(member "$(admin tenant create --name Test --plan business --json)" tenant_id)
echo "$tenant" >/run/tenant
admin key issue --tenant "$tenant" --name test --json >/run/key.json
log_in
transcribe "$service"
