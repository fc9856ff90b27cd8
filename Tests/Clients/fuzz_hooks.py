"""What Schemathesis cannot know of our calls, for `fuzz.py`: recordings that are some, jobs that there are, a key that logs
in; and what no schema says of valid requests."""

import atexit
import base64
import collections
import hashlib
import hmac
import json
import os
import pathlib
import uuid

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation
from schemathesis.transport.serialization import Binary

SEEDS = json.loads(pathlib.Path(os.environ["VERBATIM_FUZZ_SEEDS"]).read_text())
COMPLETED = SEEDS["completed"]

unknown_keys = st.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=12, max_size=12)
unknown_webhooks = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26).map(lambda ulid: "whk_" + ulid)
unknown_members = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26).map(lambda ulid: "mem_" + ulid)
unknown_jobs = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26).map(lambda ulid: "job_" + ulid)

for name, strategy in {
    "binary": st.just(Binary(pathlib.Path(SEEDS["recording"]).read_bytes())),
    "api-key": st.just(SEEDS["api_key"]),
    "refresh-token": st.sampled_from(SEEDS["refresh_tokens"]),
    "receiver": st.just(SEEDS["outside"] + "/told"),
    "new-receiver": st.uuids().map(lambda name: f"{SEEDS['outside']}/told/{name}"),
    "source": st.just(SEEDS["outside"] + "/recording.wav"),
    # The empty one is the first page's.
    "cursor": st.sampled_from([""] + [base64.b64encode(job.encode()).decode() for job in COMPLETED]),
    "first-page": st.just(""),
    # The first is never deleted; the others are there for that.
    "job": st.one_of(st.just(COMPLETED[0]), unknown_jobs),
    "spare-job": st.one_of(st.sampled_from(COMPLETED[1::2] or COMPLETED[:1]), unknown_jobs),
    "spare-transcript": st.one_of(st.sampled_from(COMPLETED[2::2] or COMPLETED[:1]), unknown_jobs),
    "waiting-job": st.one_of(st.sampled_from(SEEDS["waiting"]), unknown_jobs),
    # A key that was rotated can be neither rotated again nor changed.
    "key": st.one_of(st.sampled_from(SEEDS["keys"][4:]), unknown_keys),
    "spare-key": st.one_of(st.sampled_from(SEEDS["keys"][:4]), unknown_keys),
    "webhook": st.one_of(st.sampled_from(SEEDS["webhooks"][4:]), unknown_webhooks),
    # A new link makes the one before useless, so those whose links are used are not among them.
    "member": st.one_of(st.sampled_from(SEEDS["members"][8:16]), unknown_members),
    "spare-member": st.one_of(st.sampled_from(SEEDS["members"][:8]), unknown_members),
    "spare-webhook": st.one_of(st.sampled_from(SEEDS["webhooks"][:4]), unknown_webhooks),
}.items():
    schemathesis.openapi.format(name, strategy)

answered = collections.Counter()


@schemathesis.hook
def filter_body(context, body):
    """Metadata holds no NUL and at most 4 KiB: the description says so in words."""
    metadata = json.dumps(body.get("metadata")) if isinstance(body, dict) else ""
    return "\\u0000" not in metadata and len(metadata) <= 4096


def csrf(session):
    return hmac.new(session.encode(), b"csrf", hashlib.sha256).hexdigest()


def as_member(case):
    """A member's change with its CSRF token. Signing out ends a session that no other call needs, and no other."""
    session = SEEDS["member_sessions"][0]
    if case.operation.path == "/members/sign-out" and isinstance(case.body, dict) and case.body.get("everywhere") is True:
        case.body["everywhere"] = False
    if case.operation.path == "/members/sign-out" and len(SEEDS["member_sessions"]) > 1:
        session = SEEDS["member_sessions"].pop()
        case.cookies["verbatim_session"] = session
    if case.operation.path == "/members/me/password":
        # Their other sessions end, so it is somebody's who has none.
        session = SEEDS["changing"]["session"]
        case.cookies["verbatim_session"] = session
        if isinstance(case.body, dict):
            case.body.update(password=SEEDS["changing"]["password"], new_password=SEEDS["changing"]["password"])
    if case.method != "GET":
        case.headers["X-CSRF-Token"] = csrf(session)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Another valid Idempotency-Key for each recording: under the same one another recording is refused, as is described.

    A key's name without line ends and the like, an end that is not over, addresses: the description says so in words. A live
    key has no fields for tests, and an estimate is of a length or of a URL. A period begins before it ends. A member signs in
    with the right password, and links are those that were not used. Edits are of the first segment, whoever has corrected it before;
    names are of speakers that there are. Nobody waits long for a job that nobody works on."""
    if case.meta is not None and case.meta.generation.mode.is_positive and isinstance(case.body, dict):
        valid = {}
        if case.operation.path.startswith("/keys"):
            valid = {"name": f"key {uuid.uuid4()}", "expires_at": "2999-01-01T00:00:00Z", "allowed_addresses": ["192.0.2.0/24"]}
        if case.operation.path.endswith("/replay"):
            valid = {"since": "2026-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}
        if case.operation.path == "/members/sign-in":
            valid = SEEDS["owner"]
        if case.operation.path == "/members/password" and SEEDS["member_links"]:
            valid = {"token": SEEDS["member_links"].pop()}
        if case.operation.path == "/members":
            valid = {"email": f"{uuid.uuid4()}@example.com"}
        if case.operation.path == "/jobs/estimate" and (case.body.get("duration_seconds") is None) == (case.body.get("source_url") is None):
            case.body.pop("source_url", None)
            case.body["duration_seconds"] = 60
        if case.operation.path == "/jobs/{id}/transcript":
            case.body["edits"] = [{"segment": 0, "text": str(uuid.uuid4())}]
            case.headers["If-Match"] = "*"
        if case.operation.path == "/jobs/{id}/speakers":
            case.body.clear()
        for name, value in valid.items():
            if case.body.get(name) is not None:
                case.body[name] = value
        if case.operation.path in ("/jobs", "/jobs/estimate"):
            for name in ("test_outcome", "test_delay_seconds"):
                case.body.pop(name, None)
            # Which numbers of speakers contradict each other, a schema cannot say.
            if case.body.get("speakers_max") is not None:
                case.body.pop("speakers_min", None)
                case.body.pop("speakers_expected", None)
            if case.body.get("speakers_expected") is not None:
                case.body.pop("speakers_min", None)
        # Schemathesis judges a changed body anew, and calls every one wrong that has a file in it. What we change stays right.
        case._meta.update_validated_hash(ParameterLocation.BODY, case._hash_container(case.body))
    if case.operation.path.startswith("/members") and case.meta is not None and case.meta.generation.mode.is_positive:
        if case.operation.path not in ("/members/sign-in", "/members/password"):
            as_member(case)
    # Most of the jobs that it comes by wait: at least once one with a transcript is asked for.
    of_transcript = [f"/jobs/{{id}}/{name}" for name in ("revisions", "transcript", "speakers", "provenance")]
    if case.method == "GET" and case.operation.path in of_transcript and case.meta is not None and case.meta.generation.mode.is_positive:
        if not any(call.startswith(f"GET {case.operation.path} 2") for call in answered):
            case.path_parameters["id"] = COMPLETED[0]
    if str((case.query or {}).get("wait", "")) in [str(seconds) for seconds in range(2, 61)]:
        case.query["wait"] = 1
    # In a form a text is an array of one element, so a text in the place of an array is right. This one is not.
    if case.operation.path == "/jobs" and case.meta is not None and not case.meta.generation.mode.is_positive:
        if isinstance(case.body, dict) and (case.media_type or "").startswith("multipart/"):
            for name in ("key_terms", "replacements", "redact", "languages"):
                if case.body.get(name) is not None and not isinstance(case.body[name], list):
                    case.body[name] = "\u0001"
    key = (case.headers or {}).get("Idempotency-Key")
    if case.meta is not None and case.meta.generation.mode.is_positive and key is not None:
        case.headers["Idempotency-Key"] = f"{key[:200]}-{uuid.uuid4()}"


@schemathesis.hook
def after_call(context, case, response):
    answered[f"{case.method} {case.operation.path} {response.status_code}"] += 1


@atexit.register
def write():
    pathlib.Path(SEEDS["tally"]).write_text(json.dumps(answered, sort_keys=True))
