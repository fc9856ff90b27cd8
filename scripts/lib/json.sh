# shellcheck shell=bash
# Reads single values out of JSON answers.

# Debian's own interpreter: a user's shims on PATH may be slow or stale.
if [[ -x /usr/bin/python3 ]]; then python=/usr/bin/python3; else python=python3; fi

# json_get JSON KEY... – answers the value of each key (dots descend: error.message) in the array $replies and as lines
# in $reply: empty where it is absent or null, 1000 times a number for KEY*1000. Fails on no JSON.
json_get() {
    local json=$1
    shift
    reply=$("$python" -c '
import json, sys
try:
    root = json.load(sys.stdin)
except ValueError:
    sys.exit(1)
for name in sys.argv[1:]:
    value, scaled = root, name.endswith("*1000")
    for key in name.removesuffix("*1000").split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if scaled:
        value = int((value or 0) * 1000)
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    print("" if value is None else " ".join(str(value).split()))
' "$@" <<<"$json") || return 1
    mapfile -t replies <<<"$reply"
}
