"""Looks into the tests' bucket with AWS's own client, and puts things there: look.py URL BUCKET.

Reads one order a line, [list|fill|begin|parts|assume|expire, PREFIX, COUNT] as JSON, and answers each with a line of JSON. Ends when its standard
input does. The key comes by the environment.
"""

import concurrent.futures
import json
import sys
import urllib.request

import boto3


ROLE = "arn:aws:iam::123456789012:role/verbatim"


def perform(url, client, bucket, order, prefix, count=0):
    if order == "assume":
        roles = boto3.client("sts", endpoint_url=url, region_name="us-east-1")
        key = roles.assume_role(RoleArn=ROLE, RoleSessionName=prefix, DurationSeconds=3600)["Credentials"]
        return [key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"]]
    if order == "expire":
        with urllib.request.urlopen(url + "/expire-key", data=prefix.encode(), timeout=60):
            return []
    if order == "list":
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]
    if order == "fill":
        keys = [f"{prefix}{number}" for number in range(count)]
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda key: client.put_object(Bucket=bucket, Key=key, Body=b"x"), keys))
        return keys
    if order == "begin":
        return [client.create_multipart_upload(Bucket=bucket, Key=prefix)["UploadId"]]
    uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return [item["Key"] for item in uploads if item["Key"].startswith(prefix)]


def main():
    url, bucket = sys.argv[1:3]
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    for line in sys.stdin:
        try:
            answer = perform(url, client, bucket, *json.loads(line))
        except Exception as fault:  # Whatever it is, it is this order's, and its test's to tell.
            answer = {"fault": repr(fault)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
