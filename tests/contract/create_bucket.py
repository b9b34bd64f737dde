#!/usr/bin/env python3
"""create_bucket.py ENDPOINT ACCESS_KEY SECRET_KEY BUCKET: makes a bucket with a signer of its own.

Lunette makes no buckets, and what the contract suite tests should not prepare the test.
"""
import datetime
import hashlib
import hmac
import sys
import urllib.parse
import urllib.request


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def main():
    endpoint, access_key, secret, bucket = sys.argv[1:]
    host = urllib.parse.urlsplit(endpoint).netloc
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(b"").hexdigest()
    names = "host;x-amz-content-sha256;x-amz-date"
    canonical = (f"PUT\n/{bucket}\n\nhost:{host}\nx-amz-content-sha256:{payload}\n"
                 f"x-amz-date:{now}\n\n{names}\n{payload}")
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    text = (f"AWS4-HMAC-SHA256\n{now}\n{scope}\n"
            + hashlib.sha256(canonical.encode()).hexdigest())
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = sign(key, part)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    request = urllib.request.Request(f"{endpoint}/{bucket}", method="PUT", headers={
        "x-amz-date": now, "x-amz-content-sha256": payload,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, "
                         f"SignedHeaders={names}, Signature={signature}"})
    urllib.request.urlopen(request, timeout=30).close()


main()
