"""Exactly 300x300 pixels: the function that the recipe `fixed_size` replaces, as it was."""
import datetime
import io
import json
import os
import uuid

import boto3
from PIL import Image

s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["METADATA_TABLE"])
destination = os.environ["DESTINATION_BUCKET"]


def process(bucket, key):
    image = Image.open(s3.get_object(Bucket=bucket, Key=key)["Body"])
    kind, processed = image.format, "processed-" + key
    resized = image.resize((300, 300))
    if kind not in ("JPEG", "PNG"):
        kind, processed = "JPEG", os.path.splitext(processed)[0] + ".jpg"
        resized = resized.convert("RGB")
    buffer = io.BytesIO()
    resized.save(buffer, kind)
    s3.put_object(Bucket=destination, Key=processed, Body=buffer.getvalue(),
                  ContentType="image/" + kind.lower())
    table.put_item(Item={
        "image_id": str(uuid.uuid4()), "original_key": key, "processed_key": processed,
        "original_size": "%dx%d" % image.size, "processed_size": "%dx%d" % resized.size,
        "upload_time": datetime.datetime.utcnow().isoformat(), "source_bucket": bucket,
        "destination_bucket": destination})


def handler(event, context):
    try:
        record = event["Records"][0]["s3"]
        process(record["bucket"]["name"], record["object"]["key"])
        return {"statusCode": 200, "body": json.dumps("Image processed")}
    except Exception as error:
        print(error)
        return {"statusCode": 500, "body": json.dumps("Error processing image")}
