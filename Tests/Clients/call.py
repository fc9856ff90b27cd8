"""Has openapi-python-client make a client of a running service's description, and calls the service with nothing else.

Reads as JSON from standard input {"url", "api_key": one with every scope, "recording": a path, "folder"}. It makes a key and an
endpoint, submits jobs with the key, and has their events sent again. Prints as JSON how the jobs ended and what was said. A
warning of the generator ends it with status 1.
"""

import datetime
import importlib
import json
import pathlib
import subprocess
import sys
import time

import outside

#: Five minutes of them and more, on a busy machine.
POLLS = 1_500


def generate(url, folder):
    """Answers the client's package, and how many models it has."""
    # No formatter is run over it; it would only be looked at by people.
    # The generator knows no JWS, which is text.
    config = {"package_name_override": "verbatim_client", "content_type_overrides": {"application/jose": "text/plain"}}
    (folder / "generator.json").write_text(json.dumps(config | {"post_hooks": []}))
    made = subprocess.run(
        [sys.executable, "-B", "-m", "openapi_python_client", "generate", "--url", url + "/openapi.json"]
        + ["--config", str(folder / "generator.json"), "--meta", "none", "--fail-on-warning"]
        + ["--output-path", str(folder / "verbatim_client")],
        capture_output=True,
        text=True,
    )
    if made.returncode != 0 or "WARNING" in made.stdout + made.stderr:
        sys.exit(f"the client was not made: {made.stdout}{made.stderr}")
    sys.path.insert(0, str(folder))
    models = list((folder / "verbatim_client" / "models").glob("*.py"))
    return importlib.import_module("verbatim_client"), len(models) - 1


def until(found, done):
    """Asks again and again, as a customer's program does, until `done` says that what it found is the end."""
    for _ in range(POLLS):
        answer = found()
        if done(answer):
            return answer
        # Nothing is judged by it.
        time.sleep(0.2)
    sys.exit(f"it never ended: {answer}")


def main():
    plan = json.load(sys.stdin)
    package, count = generate(plan["url"], pathlib.Path(plan["folder"]))
    from verbatim_client import models
    from verbatim_client.api.jobs import create_job, get_job, get_transcript, list_jobs
    from verbatim_client.api.keys import create_key
    from verbatim_client.api.sessions import log_in
    from verbatim_client.api.webhooks import create_webhook, list_webhook_deliveries, replay_webhook
    from verbatim_client.types import File

    anyone = package.Client(base_url=plan["url"], timeout=120)
    refused = log_in.sync(client=anyone, body=models.LoginRequest(api_key="tsk_live_" + "0" * 61))

    def logged_in(api_key):
        session = log_in.sync(client=anyone, body=models.LoginRequest(api_key=api_key))
        return package.AuthenticatedClient(base_url=plan["url"], token=session.access_token, timeout=120)

    admin = logged_in(plan["api_key"])
    # The jobs are those of a key that the program itself has made.
    key = create_key.sync(
        client=admin,
        body=models.KeyRequest(
            name="recordings", scopes=[models.Scope.JOBSREAD, models.Scope.JOBSWRITE], monthly_minutes=60
        ),
    )
    client = logged_in(key.api_key)

    metadata = {"order": "A-17", "parts": [1, 2.5, None, {"ü": True}]}
    recording = pathlib.Path(plan["recording"])
    outer = outside.serve(recording.read_bytes())
    source = outer + "/recording.wav"
    endpoint = create_webhook.sync(
        client=admin, body=models.WebhookEndpointRequest(url=outer + "/told", events=["job.*"])
    )
    with recording.open("rb") as file:
        uploaded = create_job.sync(
            client=client,
            accept_overage=False,
            idempotency_key="one",
            body=models.JobUpload(
                file=File(payload=file, file_name="zoë.wav", mime_type="audio/wav"),
                diarize=False,
                language=models.LanguageChoice.EN,
                speakers_expected=2,
                metadata=models.JobUploadMetadata.from_dict(metadata),
            ),
        )
    fetched = create_job.sync(
        client=client,
        body=models.JobFromURL(
            source_url=source,
            diarize=False,
            metadata=models.JobFromURLMetadataType0.from_dict(metadata),
        ),
    )
    for accepted in (uploaded, fetched):
        if not isinstance(accepted, models.AcceptedJob):
            sys.exit(f"a job was refused: {accepted}")
    empty = create_job.sync(client=client, body=models.JobUpload(file=File(payload=b"", file_name="empty.wav")))

    ended = []
    for accepted in (uploaded, fetched):
        job = until(
            lambda: get_job.sync(accepted.job_id, client=client), lambda job: job.status not in ("queued", "processing")
        )
        transcript = get_transcript.sync(accepted.job_id, client=client)
        ended.append(
            {
                "status": str(job.status),
                "source": type(job.source).__name__,
                "name": getattr(job.source, "name", None),
                "metadata": job.metadata.to_dict() == metadata,
                "language": transcript.language,
                "words": [word.text for segment in transcript.segments for word in segment.words],
                "text": " ".join(segment.text.strip() for segment in transcript.segments),
            }
        )
    until(
        lambda: list_webhook_deliveries.sync(endpoint.id, client=admin),
        lambda told: [delivery.status for delivery in told.deliveries] == ["delivered"] * len(ended),
    )
    since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    replayed = replay_webhook.sync(endpoint.id, client=admin, body=models.WebhookReplay(since=since))
    listed = list_jobs.sync(client=client, cursor="", limit=1)
    rest = list_jobs.sync(client=client, cursor=listed.next_cursor)
    json.dump(
        {
            "models": count,
            "jobs": ended,
            "refused": [type(refused).__name__, refused.error, refused.status],
            "empty": [type(empty).__name__, empty.error, empty.reason],
            "replayed": replayed.replayed,
            "keys": [job.key_id == key.key_id for job in rest.jobs + listed.jobs],
            "listed": [len(listed.jobs), len(rest.jobs), rest.next_cursor],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
