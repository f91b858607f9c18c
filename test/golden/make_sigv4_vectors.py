#!/usr/bin/env python3
"""Signs requests with botocore: vectors for src/net/sigv4_test.cc, beside AWS's own. test/sigv4_test.py signs them again.

    .venv/test/bin/python test/golden/make_sigv4_vectors.py > test/golden/sigv4_vectors.json
"""
import datetime
import json
import sys
from unittest import mock

import botocore
import botocore.auth
import botocore.awsrequest
import botocore.compat
import botocore.credentials

NOW = datetime.datetime(2024, 2, 29, 23, 59, 59, tzinfo=datetime.timezone.utc)
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token=="

# service, region, token, method, path as on the wire, query as on the wire, fields, body
REQUESTS = [
    ("s3", "eu-west-1", "", "GET", "/a//b/../c%20d", "list-type=2&prefix=x%2Fy&delimiter=%2F", {}, ""),
    ("s3", "us-east-1", TOKEN, "PUT", "/bucket/j%C3%BCrgen/%2B%25~", "", {"If-None-Match": "*"}, "bytes"),
    ("s3", "ap-south-1", "", "POST", "/large", "uploads=", {"Content-Type": "application/xml"}, ""),
    ("sagemaker", "us-west-2", "", "POST", "/", "", {"X-Amz-Target": "SageMaker.ListModels", "X-Two": "a   b"}, "{}"),
    ("sagemaker", "us-east-1", TOKEN, "POST", "/endpoints/a%20b/invocations", "x=1&X=2&x=%20", {}, '{"period": 7}'),
]


def sign(service, region, token, method, path, query, fields, body):
    url = f"https://host.example{path}" + (f"?{query}" if query else "")
    request = botocore.awsrequest.AWSRequest(method, url, headers={"Host": "host.example", **fields}, data=body.encode())
    credentials = botocore.credentials.Credentials(KEY, SECRET, token or None)
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    with mock.patch("botocore.auth.get_current_datetime", lambda: NOW.replace(tzinfo=None)):
        if service == "s3":
            request.context["payload_signing_enabled"] = True
        signer(credentials, service, region).add_auth(request)
    return request.headers["Authorization"]


def vectors():
    names = ("service", "region", "token", "method", "path", "query", "fields", "body")
    return [{**dict(zip(names, request)), "authorization": sign(*request)} for request in REQUESTS]


if __name__ == "__main__":
    json.dump({"botocore": botocore.__version__, "time": NOW.strftime("%Y%m%dT%H%M%SZ"), "key": KEY, "secret": SECRET,
               "vectors": vectors()}, sys.stdout, indent=1)
    print()
