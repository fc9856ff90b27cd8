"""Tries a running service against its own description with Schemathesis, all checks on.

Reads as JSON from standard input {"url", "api_key", "recording": a path, "completed": [ids of jobs], "waiting": [ids of
jobs], "owner": the token of an owner's invitation, "cases": how many for each call, "seed", "folder": for what is made on the way, "change": {pointer: value, ...} in the
description, "arguments": [more for Schemathesis]}. Prints as JSON how often each call was answered with each status; what
Schemathesis says goes to standard error. Ends with status 1 where an answer is not as described.

The document is the one that the service serves, made stricter where it is open to later versions (`strictly`). What no
schema can say, such as which bytes are a recording, stands in `fuzz_hooks.py` and is named in `with_formats`.
"""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import outside

# What must be there for a call to succeed; the words are those of fuzz_hooks.py.
FORMATS = {
    "/components/schemas/LoginRequest/properties/api_key": "api-key",
    "/components/schemas/RefreshRequest/properties/refresh_token": "refresh-token",
    "/components/schemas/JobUpload/properties/webhook_url": "receiver",
    "/components/schemas/JobFromURL/properties/webhook_url": "receiver",
    "/components/schemas/WebhookUpdate/properties/url": "receiver",
    "/components/schemas/JobFromURL/properties/source_url": "source",
    "/components/schemas/WebhookEndpointRequest/properties/url": "new-receiver",
    "/components/schemas/WebhookEndpointChange/properties/url": "new-receiver",
}


def found(document, pointer):
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        document = document[int(part) if isinstance(document, list) else part]
    return document


def strictly(node):
    """The document as this very version keeps to it: open lists of words closed, every answer's error codes its own."""
    if isinstance(node, list):
        for item in node:
            strictly(item)
    if not isinstance(node, dict):
        return
    for item in node.values():
        strictly(item)
    if isinstance(node.get("x-extensible-enum"), list):
        node["enum"] = node["x-extensible-enum"] + [None] * isinstance(node["type"], list)
    if "x-error-codes" in node:
        media = node["content"]["application/problem+json"]
        media["schema"] = {"allOf": [media["schema"], {"properties": {"error": {"enum": node["x-error-codes"]}}}]}


def with_formats(document):
    for pointer, name in FORMATS.items():
        found(document, pointer)["format"] = name
    for path, name in {"/jobs": "cursor", "/usage": "first-page"}.items():
        for parameter in document["paths"][path]["get"]["parameters"]:
            if parameter["name"] == "cursor":
                parameter["schema"]["format"] = name
    for path, item in document["paths"].items():
        for kind in ("key", "webhook", "member"):
            if not path.startswith(f"/{kind}s/{{id}}"):
                continue
            for method in [name for name in item if name != "parameters"]:
                schema = {"type": "string", "format": f"spare-{kind}" if method == "delete" else kind}
                item[method].setdefault("parameters", []).append(
                    {"name": "id", "in": "path", "required": True, "schema": schema}
                )
            del item["parameters"]
        if not path.startswith("/jobs/{id}"):
            continue
        for method in [name for name in item if name != "parameters"]:
            # What is deleted or cancelled is of no use to the other calls.
            name = "waiting-job" if path.endswith("/cancel") else "job"
            if method == "delete":
                name = "spare-transcript" if path.endswith("/transcript") else "spare-job"
            schema = {**document["components"]["schemas"]["JobID"], "format": name}
            item[method].setdefault("parameters", []).append(
                {"name": "id", "in": "path", "required": True, "schema": schema}
            )
        del item["parameters"]


def answer(url, path, body=None, headers={}):
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode())
    for name, value in {"Content-Type": "application/json", **headers}.items():
        request.add_header(name, value)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.headers, answer.read()


def call(url, path, body=None, token=None):
    return json.loads(answer(url, path, body, {"Authorization": f"Bearer {token}"} if token else {})[1])


def people(url, invitation):
    """An owner's sessions, and members whom the owner has invited."""
    credentials = {"email": "owner@example.com", "password": "correct horse battery"}
    answer(url, "/members/password", {"token": invitation, "password": credentials["password"]})
    sessions = []
    for _ in range(12):
        headers, body = answer(url, "/members/sign-in", credentials)
        sessions.append(headers["Set-Cookie"].split(";")[0].partition("=")[2])
    own = {"Cookie": f"verbatim_session={sessions[-1]}", "X-CSRF-Token": json.loads(body)["csrf_token"]}
    invited = [
        json.loads(answer(url, "/members", {"email": f"{number}@example.com", "role": "viewer"}, own)[1])
        for number in range(25)
    ]
    changing = {"token": invited.pop()["token"], "password": "a password to change"}
    headers, _ = answer(url, "/members/password", changing)
    return {
        "owner": credentials,
        "changing": {"password": changing["password"], "session": headers["Set-Cookie"].split(";")[0].partition("=")[2]},
        "member_sessions": sessions,
        "members": [member["id"] for member in invited],
        "member_links": [member["token"] for member in invited[16:]],
    }


def settings(plan, token, session):
    # To what is expected by default come 410, which says of a deleted transcript what 404 says of a deleted job, and 413, by
    # which wrong bodies that are long, too, are refused.
    return f"""
        seed = {plan["seed"]}
        workers = 1
        continue-on-failure = true
        request-timeout = 120
        [auth.openapi.accessToken]
        bearer = {json.dumps(token)}
        [auth.openapi.memberSession]
        api_key = {json.dumps(session)}
        [generation]
        mode = "all"
        max-examples = {plan["cases"]}
        database = "none"
        no-shrink = true
        [checks.positive_data_acceptance]
        expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 410, 412, 429, "5xx"]
        [checks.negative_data_rejection]
        expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]
        [checks.missing_required_header]
        expected-statuses = [400, 401, 403, 406, 415, 422, 428]
        [phases.stateful]
        max-steps = 8
        """


def main():
    plan = json.load(sys.stdin)
    url, folder = plan["url"], pathlib.Path(plan["folder"])
    document = call(url, "/openapi.json")
    for pointer, value in plan.get("change", {}).items():
        parent, _, member = pointer.rpartition("/")
        found(document, parent)[member] = value
    strictly(document)
    with_formats(document)
    (folder / "openapi.json").write_text(json.dumps(document))
    recording = pathlib.Path(plan["recording"]).read_bytes()
    # Of a session for each, because a token that was rotated is worth nothing.
    sessions = [call(url, "/auth/token", {"api_key": plan["api_key"]}) for _ in range(8)]
    token = sessions[0]["access_token"]
    keys = [call(url, "/keys", {"name": f"spare {number}"}, token)["key_id"] for number in range(24)]
    outer = outside.serve(recording)
    webhooks = [call(url, "/webhooks", {"url": f"{outer}/told/{number}"}, token)["id"] for number in range(8)]
    members = people(url, plan["owner"])
    seeds = {
        **plan,
        "keys": keys,
        "webhooks": webhooks,
        **members,
        "outside": outer,
        "refresh_tokens": [session["refresh_token"] for session in sessions[1:]],
        "tally": str(folder / "tally.json"),
    }
    (folder / "seeds.json").write_text(json.dumps(seeds))
    (folder / "schemathesis.toml").write_text(settings(plan, token, members["member_sessions"][0]))
    ended = subprocess.run(
        [sys.executable, "-B", "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")]
        + ["run", str(folder / "openapi.json"), "--url", url, "--checks", "all", "--no-color"]
        + plan.get("arguments", []),
        env={
            **os.environ,
            "PYTHONPATH": str(pathlib.Path(__file__).parent),
            "SCHEMATHESIS_HOOKS": "fuzz_hooks",
            "VERBATIM_FUZZ_SEEDS": str(folder / "seeds.json"),
        },
        cwd=folder,
        stdout=sys.stderr,
    )
    print((folder / "tally.json").read_text())
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
