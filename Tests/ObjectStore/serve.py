"""An S3 server for the tests of the storage: moto, with its check of signatures and session tokens on. Before it, a check of the body's hash and
of temporary keys that a test has let expire, because moto checks neither.

Prints one line of JSON (address, bucket, key) when it is ready, and ends when its standard input does.
"""

import datetime
import hashlib
import json
import os
import sys
import tempfile
import threading

import boto3
import requests
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

BUCKET = "verbatim-test"


class Quiet(MotoRequestHandler):
    def log(self, *_arguments):
        pass


class ExpiredKeys:
    """Refuses temporary keys that have expired, as S3 does. `POST /expire-key` with a key's id lets one expire."""

    def __init__(self, application):
        self.application = application
        self.expired = set()

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/expire-key":
            self.expired.add(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
            start_response("204 No Content", [])
            return []
        proof = environ.get("HTTP_AUTHORIZATION", "")
        if any(f"Credential={key}/" in proof for key in self.expired):
            text = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
            # The body is not read, so the connection cannot be used again.
            start_response("400 Bad Request", [("Content-Length", str(len(text))), ("Connection", "close")])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [text]
        return self.application(environ, start_response)


class Inspection:
    """Shows what is stored, and lets it grow old: what a test of retention would otherwise wait an hour for. `GET /objects` lists all keys of the bucket,
    with the times of their last change; `POST /age` moves these times back by so many seconds."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] not in ("/objects", "/age"):
            return self.application(environ, start_response)
        stored = list(s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET].keys.values())
        if environ["PATH_INFO"] == "/age":
            age = datetime.timedelta(seconds=int(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
            for item in stored:
                item.last_modified -= age
        found = [{"key": item.name, "changed": item.last_modified.replace(tzinfo=datetime.timezone.utc).timestamp()} for item in stored]
        text = json.dumps(found).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
        return [text]


class HashedBodies:
    """Refuses a body that is not what the signed header says; moto takes that header's word for it."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        announced = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "UNSIGNED-PAYLOAD")
        left = int(environ.get("CONTENT_LENGTH") or 0)
        body, digest = tempfile.SpooledTemporaryFile(max_size=1 << 20), hashlib.sha256()
        while left > 0:
            block = environ["wsgi.input"].read(min(left, 1 << 20))
            if not block:
                break
            body.write(block)
            digest.update(block)
            left -= len(block)
        body.seek(0)
        environ["wsgi.input"] = body
        if left > 0 or announced not in ("UNSIGNED-PAYLOAD", digest.hexdigest()):
            text = b"<Error><Code>XAmzContentSHA256Mismatch</Code></Error>"
            start_response("400 Bad Request", [("Content-Length", str(len(text)))])
            return [text]
        return self.application(environ, start_response)


def main():
    application = Inspection(ExpiredKeys(HashedBodies(DomainDispatcherApplication(create_backend_app))))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.port}"

    def client(name):
        return boto3.client(
            name, endpoint_url=url, region_name="us-east-1", aws_access_key_id="setup", aws_secret_access_key="setup"
        )

    client("s3").create_bucket(Bucket=BUCKET)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:*", "sts:AssumeRole"], "Resource": "*"}],
    }
    identities = client("iam")
    identities.create_user(UserName="verbatim")
    identities.put_user_policy(UserName="verbatim", PolicyName="all", PolicyDocument=json.dumps(policy))
    key = identities.create_access_key(UserName="verbatim")["AccessKey"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
    }
    identities.create_role(RoleName="verbatim", AssumeRolePolicyDocument=json.dumps(trust))
    identities.put_role_policy(RoleName="verbatim", PolicyName="all", PolicyDocument=json.dumps(policy))
    # From here on every call is to be signed, by that key.
    requests.post(url + "/moto-api/reset-auth", data=b"0", timeout=10).raise_for_status()
    ready = {"url": url, "bucket": BUCKET, "id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    print(json.dumps(ready), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
