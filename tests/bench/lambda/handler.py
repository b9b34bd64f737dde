"""What scripts/handler.lua does by default, written for Lambda's Python with boto3 and Pillow.

Clients are made once; the pictures are made and stored side by side in threads, for Pillow lets go
of the interpreter while it works.
"""
import hashlib
import io
import json
import os
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote_plus

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError
from PIL import Image, ImageCms, ImageOps

DESTINATION = os.environ.get("DESTINATION_BUCKET", "images")
TABLE = os.environ["METADATA_TABLE"]
MANIFEST = "images.json"
CACHE_CONTROL = "public, max-age=31536000, immutable"
MAX_BYTES = 50_000_000
VARIANTS = [
    {"name": "thumb", "size": (160, 160), "fit": "cover", "format": "webp", "quality": 75},
    {"name": "medium", "size": (800, 800), "fit": "inside", "format": "webp", "quality": 80},
    {"name": "large", "size": (1600, 1600), "fit": "inside", "format": "jpeg", "quality": 82},
]
EXTENSIONS = {"webp": "webp", "jpeg": "jpg"}
RULES = json.dumps([VARIANTS, CACHE_CONTROL])

config = Config(max_pool_connections=16)
s3 = boto3.client("s3", config=config)
dynamodb = boto3.client("dynamodb", config=config)
pool = ThreadPoolExecutor(8)
serialize = TypeSerializer().serialize
srgb = ImageCms.createProfile("sRGB")


def open_photo(data):
    photo = Image.open(io.BytesIO(data))
    facts = photo.size, Image.MIME[photo.format]
    if photo.getexif().get(274, 1) >= 5:  # lies on its side
        facts = photo.size[::-1], facts[1]
    photo.draft("RGB", (1600, 1600))  # a JPEG needs not be decoded larger than it is used
    profile = photo.info.get("icc_profile")
    photo = ImageOps.exif_transpose(photo)
    if profile:
        photo = ImageCms.profileToProfile(photo, io.BytesIO(profile), srgb, outputMode="RGB")
    return photo if photo.mode == "RGB" else photo.convert("RGB"), facts


def make_picture(photo, variant):
    if variant["fit"] == "cover":
        picture = ImageOps.fit(photo, variant["size"], Image.Resampling.LANCZOS)
    else:
        picture = photo.copy()
        picture.thumbnail(variant["size"], Image.Resampling.LANCZOS)
    picture.info.clear()
    out = io.BytesIO()
    options = {"progressive": True} if variant["format"] == "jpeg" else {}
    picture.save(out, variant["format"], quality=variant["quality"], **options)
    return picture.size, out.getvalue()


def store_picture(photo, variant, key, version):
    (width, height), data = make_picture(photo, variant)
    kind = "image/" + variant["format"]
    name = f"{key}/{variant['name']}-{version}.{EXTENSIONS[variant['format']]}"
    s3.put_object(Bucket=DESTINATION, Key=name, Body=data, ContentType=kind,
                  CacheControl=CACHE_CONTROL, Metadata={"version": version})
    return {"name": variant["name"], "key": name, "width": width, "height": height, "type": kind,
            "size": len(data)}


def stored_item(key):
    return dynamodb.get_item(TableName=TABLE, Key={"id": {"S": key}}, ConsistentRead=True).get("Item")


def store_item(identity, record):
    item = {field: serialize(value) for field, value in {"id": identity, **record}.items()}
    dynamodb.put_item(TableName=TABLE, Item=item)


def read_manifest():
    try:
        found = s3.get_object(Bucket=DESTINATION, Key=MANIFEST)
    except s3.exceptions.NoSuchKey:
        return [], {"IfNoneMatch": "*"}
    return json.load(found["Body"]), {"IfMatch": found["ETag"].strip('"')}


def update_manifest(record):
    for _ in range(50):
        entries, condition = read_manifest()
        entries = [entry for entry in entries if entry["name"] != record["name"]] + [record]
        entries.sort(key=lambda entry: entry["name"])
        try:
            s3.put_object(Bucket=DESTINATION, Key=MANIFEST, Body=json.dumps(entries).encode(),
                          ContentType="application/json", CacheControl="no-cache", **condition)
            return
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412):
                raise
    raise RuntimeError("the manifest was changed by others at every attempt")


def created(bucket, key, etag):
    identity = f"{bucket}/{key}"
    version = hashlib.sha256((etag + RULES).encode()).hexdigest()[:12]
    item = pool.submit(stored_item, identity)
    found = s3.get_object(Bucket=bucket, Key=key, IfMatch=etag)
    data = found["Body"].read()
    if item.result() and item.result()["version"]["S"] == version:
        return {"status": "unchanged"}
    photo, ((width, height), kind) = open_photo(data)
    pictures = pool.map(lambda variant: store_picture(photo, variant, key, version), VARIANTS)
    record = {
        "name": key, "title": os.path.splitext(os.path.basename(key))[0], "type": kind,
        "size": len(data), "width": width, "height": height, "version": version,
        "uploaded": found["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "variants": list(pictures)}
    stored = pool.submit(store_item, identity, record)
    update_manifest(record)
    stored.result()
    return {"status": "done", **record}


def handler(event, _context):
    results = []
    for record in event["Records"]:
        bucket, found = record["s3"]["bucket"]["name"], record["s3"]["object"]
        if found["size"] > MAX_BYTES:
            raise ValueError(f"{found['key']} is too large")
        results.append(created(bucket, unquote_plus(found["key"]), found["eTag"]))
    return {"results": results}
