"""Looks into the tests' bucket with AWS's own client, and puts things there: look.py URL BUCKET list|fill|begin|parts PREFIX [COUNT].

The key comes by the environment. Prints JSON.
"""

import concurrent.futures
import json
import sys

import boto3


def main():
    url, bucket, order, prefix = sys.argv[1:5]
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    if order == "list":
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [item["Key"] for page in pages for item in page.get("Contents", [])]
    elif order == "fill":
        found = [f"{prefix}{number}" for number in range(int(sys.argv[5]))]
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda key: client.put_object(Bucket=bucket, Key=key, Body=b"x"), found))
    elif order == "begin":
        found = [client.create_multipart_upload(Bucket=bucket, Key=prefix)["UploadId"]]
    else:
        uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        found = [item["Key"] for item in uploads if item["Key"].startswith(prefix)]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
