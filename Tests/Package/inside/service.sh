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

# Each node's own restrictions leave everything that it needs, and the sandboxes are whole.
for unit in "${nodes[@]}"; do
    found=$(as_unit "$unit" "/usr/lib/verbatim/verbatim-admin doctor") || fail "doctor in $unit: $found"
    printf '%s\n' "$found"
    found=$(as_unit "$unit" "/usr/lib/verbatim/verbatim-media self-check")
    python3 - "$found" <<'PYTHON' || fail "the sandbox of media in $unit: $found"
import json, sys
found = json.loads(sys.argv[1])
wrong = [name for name, value in found.items() if value is not True and name != "seccomp"]
sys.exit(bool(wrong) or found["seccomp"] != 2)
PYTHON
done

systemctl enable --now verbatim-serve
eventually "the node is ready" ready
tenant=$(member "$(admin tenant create --name Test --plan business --json)" tenant_id)
echo "$tenant" >/run/tenant
admin key issue --tenant "$tenant" --name test --json >/run/key.json
log_in
transcribe "$service"
