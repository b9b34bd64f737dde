"""Thumbnails on upload and on demand: what the recipe `thumbnail_api` replaces, as it was."""
import io
import json
import os
import uuid

import boto3
from PIL import Image, ImageOps

s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["METADATA_TABLE"])
destination = os.environ["DESTINATION_BUCKET"]


def process(bucket, key):
    photo = s3.get_object(Bucket=bucket, Key=key)
    image = Image.open(photo["Body"])
    thumbnail = ImageOps.fit(image, (128, 128))
    buffer = io.BytesIO()
    thumbnail.save(buffer, image.format)
    processed = "thumbnails/" + key
    s3.put_object(Bucket=destination, Key=processed, Body=buffer.getvalue(),
                  ContentType=photo["ContentType"])
    table.put_item(Item={"id": str(uuid.uuid4()), "original_file": key,
                         "processed_file": processed})
    return {"bucket": destination, "key": processed, "width": 128, "height": 128,
            "size": len(buffer.getvalue()), "type": photo["ContentType"]}


def handler(event, context):
    if "Records" in event:
        record = event["Records"][0]["s3"]
        return process(record["bucket"]["name"], record["object"]["key"])
    body = json.loads(event["body"])
    return {"statusCode": 200, "headers": {"content-type": "application/json"},
            "body": json.dumps(process(body["bucket"], body["key"]))}
