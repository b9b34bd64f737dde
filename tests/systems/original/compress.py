"""A smaller file of each photo: the function that the recipe `compress` replaces, as it was."""
import datetime
import io
import os
import uuid

import boto3
from PIL import Image

s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["METADATA_TABLE"])
destination = os.environ["DESTINATION_BUCKET"]


def handler(event, context):
    record = event["Records"][0]["s3"]
    bucket, key = record["bucket"]["name"], record["object"]["key"]
    photo = s3.get_object(Bucket=bucket, Key=key)
    image = Image.open(photo["Body"])
    kind = image.format
    image.thumbnail((1024, 1024))
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=70)
    resized = "resized-" + os.path.basename(key)
    s3.put_object(Bucket=destination, Key=resized, Body=buffer.getvalue(),
                  ContentType=photo["ContentType"])
    table.put_item(Item={
        "imageId": str(uuid.uuid4()), "sourceBucket": bucket, "sourceKey": key,
        "destBucket": destination, "destKey": resized, "contentType": photo["ContentType"],
        "sizeOriginal": photo["ContentLength"],
        "resizedAt": datetime.datetime.utcnow().isoformat()})
