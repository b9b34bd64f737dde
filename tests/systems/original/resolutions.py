"""Sizes and pixelated versions: the function that the recipe `resolutions` replaces, as it was."""
import os
import uuid

import boto3
from PIL import Image

s3 = boto3.client("s3")
destination = os.environ["DESTINATION_BUCKET"]


def resize(size, path, resized_path):
    image = Image.open(path)
    image.thumbnail((size, size))
    image.save(resized_path)


def pixelate(size, path, pixelated_path):
    image = Image.open(path)
    small = image.resize((size, size), Image.BILINEAR)
    small.resize(image.size, Image.NEAREST).save(pixelated_path)


def handler(event, context):
    bucket = event["Records"][0]["s3"]["bucket"]["name"]
    key = event["Records"][0]["s3"]["object"]["key"]
    name = f"{uuid.uuid4()}-{key}"
    path = "/tmp/" + name
    s3.download_file(bucket, key, path)
    for size in (1600, 800, 400):
        resize(size, path, f"/tmp/resized-{name}")
        s3.upload_file(f"/tmp/resized-{name}", destination, f"resized-{size}x{size}-{key}")
    for size in (8, 16, 32, 48, 64):
        pixelate(size, path, f"/tmp/pixelated-{name}")
        s3.upload_file(f"/tmp/pixelated-{name}", destination, f"pixelated-{size}x{size}-{key}")
