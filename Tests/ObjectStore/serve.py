"""An S3 server for the tests of the storage: moto, with its signature check on, and a check of the body's hash before it.

Prints one line of JSON (address, bucket, key) when it is ready, and ends when its standard input does.
"""

import hashlib
import json
import os
import sys
import tempfile
import threading

import boto3
import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

BUCKET = "verbatim-test"


class Quiet(MotoRequestHandler):
    def log(self, *_arguments):
        pass


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
    application = HashedBodies(DomainDispatcherApplication(create_backend_app))
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
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
    identities = client("iam")
    identities.create_user(UserName="verbatim")
    identities.put_user_policy(UserName="verbatim", PolicyName="all", PolicyDocument=json.dumps(policy))
    key = identities.create_access_key(UserName="verbatim")["AccessKey"]
    # From here on every call is to be signed, by that key.
    requests.post(url + "/moto-api/reset-auth", data=b"0", timeout=10).raise_for_status()
    ready = {"url": url, "bucket": BUCKET, "id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    print(json.dumps(ready), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
