"""What Schemathesis cannot know of our calls, for `fuzz.py`: recordings that are some, jobs that there are, a key that logs
in; and what no schema says of valid requests."""

import atexit
import base64
import collections
import json
import os
import pathlib
import uuid

import schemathesis
from hypothesis import strategies as st
from schemathesis.transport.serialization import Binary

SEEDS = json.loads(pathlib.Path(os.environ["VERBATIM_FUZZ_SEEDS"]).read_text())
COMPLETED = SEEDS["completed"]

unknown_keys = st.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=12, max_size=12)
unknown_jobs = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26).map(lambda ulid: "job_" + ulid)

for name, strategy in {
    "binary": st.just(Binary(pathlib.Path(SEEDS["recording"]).read_bytes())),
    "api-key": st.just(SEEDS["api_key"]),
    "refresh-token": st.sampled_from(SEEDS["refresh_tokens"]),
    "receiver": st.just(SEEDS["outside"] + "/told"),
    "source": st.just(SEEDS["outside"] + "/recording.wav"),
    # The empty one is the first page's.
    "cursor": st.sampled_from([""] + [base64.b64encode(job.encode()).decode() for job in COMPLETED]),
    # The first is never deleted; the others are there for that.
    "job": st.one_of(st.just(COMPLETED[0]), unknown_jobs),
    "spare-job": st.one_of(st.sampled_from(COMPLETED[1:]), unknown_jobs),
    "waiting-job": st.one_of(st.sampled_from(SEEDS["waiting"]), unknown_jobs),
    # A key that was rotated can be neither rotated again nor changed.
    "key": st.one_of(st.sampled_from(SEEDS["keys"][4:]), unknown_keys),
    "spare-key": st.one_of(st.sampled_from(SEEDS["keys"][:4]), unknown_keys),
}.items():
    schemathesis.openapi.format(name, strategy)

answered = collections.Counter()


@schemathesis.hook
def filter_body(context, body):
    """Metadata holds no NUL and at most 4 KiB: the description says so in words."""
    metadata = json.dumps(body.get("metadata")) if isinstance(body, dict) else ""
    return "\\u0000" not in metadata and len(metadata) <= 4096


@schemathesis.hook
def before_call(context, case, kwargs):
    """Another valid Idempotency-Key for each recording: under the same one another recording is refused, as is described.

    A key's name without line ends and the like, and an end that is not over: the description says so in words."""
    if case.meta is not None and case.meta.generation.mode.is_positive and case.operation.path.startswith("/keys"):
        for name, value in {"name": f"key {uuid.uuid4()}", "expires_at": "2999-01-01T00:00:00Z"}.items():
            if isinstance(case.body, dict) and case.body.get(name) is not None:
                case.body[name] = value
    key = (case.headers or {}).get("Idempotency-Key")
    if case.meta is not None and case.meta.generation.mode.is_positive and key is not None:
        case.headers["Idempotency-Key"] = f"{key[:200]}-{uuid.uuid4()}"


@schemathesis.hook
def after_call(context, case, response):
    answered[f"{case.method} {case.operation.path} {response.status_code}"] += 1


@atexit.register
def write():
    pathlib.Path(SEEDS["tally"]).write_text(json.dumps(answered, sort_keys=True))
