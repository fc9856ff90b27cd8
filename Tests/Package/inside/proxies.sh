# shellcheck shell=bash
# The examples of nginx and Caddy, as they are but for the certificate and the name.
source /test/inside/support.sh

readonly client=127.0.0.2
install -d /etc/ssl/verbatim
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=transcribe.example.com \
    -addext subjectAltName=DNS:transcribe.example.com \
    -keyout /etc/ssl/verbatim/privkey.pem -out /etc/ssl/verbatim/fullchain.pem 2>/dev/null

# A key for one address alone: it works if that address arrives at the node, and from no other.
admin key issue --tenant "$(</run/tenant)" --name address --allow "$client" --json >/run/address.json

# through NAME CURL-ARGUMENT... – everything that the documentation asks of a load balancer.
through() {
    local name=$1 url=https://$2 sent
    shift 2
    local tls=("$@")
    is 404 "$(status_of "${tls[@]}" "$url/metrics")" "$name: /metrics"
    is 404 "$(status_of "${tls[@]}" "$url/metrics/")" "$name: /metrics/"
    is 404 "$(status_of "${tls[@]}" --path-as-is "$url/x/../metrics")" "$name: /x/../metrics"
    is 404 "$(status_of "${tls[@]}" --path-as-is "$url/%6detrics")" "$name: /%6detrics"
    is 200 "$(status_of "${tls[@]}" "$service/metrics")" "/metrics of the node itself"
    is 200 "$(status_of "${tls[@]}" "$url/readyz")" "$name: /readyz"
    curl -sSL -m 60 "${tls[@]}" "$url/app" | grep '<script' >/dev/null || fail "$name: the dashboard is not at /app"

    for sent in "$client 200" "127.0.0.3 403"; do
        is "${sent#* }" "$(status_of "${tls[@]}" --interface "${sent% *}" "$url/auth/token" \
            -H "X-Forwarded-For: $client" -H 'Content-Type: application/json' -d @/run/address.json)" \
            "$name: a key for $client, used from ${sent% *}"
    done
    transcribe "$url" "${tls[@]}"
    python3 /test/inside/slow_upload.py "$name" "${url#https://}" "$token"
}

sed 's|^    listen \[::\].*||' /usr/share/doc/verbatim/examples/nginx/verbatim.conf >/etc/nginx/sites-enabled/verbatim.conf
nginx -t -q
systemctl start nginx
log_in
through nginx transcribe.example.com --resolve transcribe.example.com:443:127.0.0.1 --cacert /etc/ssl/verbatim/fullchain.pem
is 308 "$(status_of --resolve transcribe.example.com:80:127.0.0.1 http://transcribe.example.com/app)" "nginx without TLS"
systemctl stop nginx

cp /usr/share/doc/verbatim/examples/caddy/Caddyfile /etc/caddy/Caddyfile
install -d /run/systemd/system/caddy.service.d
printf '[Service]\nEnvironment=VERBATIM_SITE=localhost\n' >/run/systemd/system/caddy.service.d/site.conf
systemctl daemon-reload
systemctl start caddy
readonly authority=/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt
eventually "Caddy has a certificate" status_of --cacert "$authority" https://localhost/healthz >/dev/null 2>&1
through Caddy localhost --cacert "$authority"
systemctl stop caddy
