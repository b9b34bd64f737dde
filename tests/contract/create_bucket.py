#!/usr/bin/env python3
"""create_bucket.py ENDPOINT ACCESS_KEY SECRET_KEY BUCKET: makes a bucket, which Lunette does not."""
import sys

import signed

endpoint, access_key, secret, bucket = sys.argv[1:]
signed.send("PUT", f"{endpoint}/{bucket}", "s3", (access_key, secret))
