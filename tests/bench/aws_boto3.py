"""boto3's side of aws_bench.py: the other side is aws_lunette.lua, line by line.

Reads "COUNT\\n" lines; does as many requests, so many at a time, and answers "done\\n".
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

operation, size, concurrency = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
s3 = boto3.client("s3", config=Config(max_pool_connections=16))
pool = ThreadPoolExecutor(concurrency)
body = b"\x5A" * size


def key_of(i):
    return f"photos/{i % 16}/{size}"


def get(i):
    found = s3.get_object(Bucket="uploads", Key=key_of(i))
    assert len(found["Body"].read()) == size


def put(i):
    s3.put_object(Bucket="uploads", Key=key_of(i), Body=body, ContentType="image/jpeg")


request = {"get": get, "put": put}[operation]
for line in sys.stdin:
    if concurrency == 1:
        for number in range(int(line)):
            request(number)
    else:
        list(pool.map(request, range(int(line))))
    print("done", flush=True)
