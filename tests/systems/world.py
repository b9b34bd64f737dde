"""A system as it was and its recipe, side by side on the same servers: each with buckets and a table
of its own, given the same photos and the same events."""
import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
import urllib.parse

import boto3
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "original"))

LUNETTE = os.path.abspath(os.environ["LUNETTE"])
TABLES = {"thumbnail_api": "id", "compress": "imageId", "fixed_size": "image_id"}


class Failed(Exception):
    """The function ended with an error."""


class Side:
    """One of the two: `name` is "original" or "recipe"."""

    def __init__(self, system, name, number):
        self.system, self.name = system, name
        self.uploads = f"{name}-{number}-uploads"
        self.images = f"{name}-{number}-images"
        self.table = f"{name}-{number}"
        self.s3, self.dynamodb = boto3.client("s3"), boto3.resource("dynamodb")
        self.s3.create_bucket(Bucket=self.uploads)
        self.s3.create_bucket(Bucket=self.images)
        self.key = TABLES.get(system)
        if self.key:
            self.dynamodb.create_table(
                TableName=self.table, BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": self.key, "AttributeType": "S"}],
                KeySchema=[{"AttributeName": self.key, "KeyType": "HASH"}]).wait_until_exists()

    # ---- what happens to it ----------------------------------------------------------------------

    def environment(self):
        names = {"UPLOAD_BUCKET": self.uploads, "DESTINATION_BUCKET": self.images}
        if self.key:
            names["METADATA_TABLE"] = self.table
        return names

    def put(self, key, body, content_type):
        self.s3.put_object(Bucket=self.uploads, Key=key, Body=body, ContentType=content_type)

    def record(self, key, size=0, name="ObjectCreated:Put"):
        """As S3 writes it: the key is encoded as in a form."""
        thing = {"key": urllib.parse.quote_plus(key, safe="/"), "sequencer": "0A"}
        if name.startswith("ObjectCreated"):
            thing.update(size=size, eTag="0" * 32)
        return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
                "eventTime": "2026-11-20T10:00:00.000Z", "eventName": name,
                "s3": {"bucket": {"name": self.uploads}, "object": thing}}

    def run(self, event):
        """The function's answer to an event; raises Failed."""
        return self.run_python(event) if self.name == "original" else self.run_recipe(event)

    def run_python(self, event):
        os.environ.update(self.environment())
        sys.modules.pop(self.system, None)
        module = importlib.import_module(self.system)
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # what it prints is for its log
                return module.handler(event, None)
        except Exception as error:  # whatever it is, Lambda would report it
            raise Failed(f"{type(error).__name__}: {error}") from error

    def run_recipe(self, event, **environment):
        done = subprocess.run(
            [LUNETTE, "invoke", "--aws", "--handler", f"scripts/recipes/{self.system}.lua", "-"],
            input=json.dumps(event), capture_output=True, text=True, timeout=600, check=False,
            env={**os.environ, **self.environment(), **environment})
        self.errors = done.stderr
        if done.returncode != 0:
            raise Failed(done.stderr)
        return json.loads(done.stdout)

    # ---- what came out ---------------------------------------------------------------------------

    def get(self, bucket, key):
        return self.s3.get_object(Bucket=bucket, Key=key)

    def image(self, key):
        return Image.open(io.BytesIO(self.get(self.images, key)["Body"].read()))

    def objects(self):
        """{key: (format, width, height, content type)}"""
        found = {}
        for thing in self.s3.list_objects_v2(Bucket=self.images).get("Contents", []):
            image = self.image(thing["Key"])
            found[thing["Key"]] = (image.format, *image.size,
                                   self.get(self.images, thing["Key"])["ContentType"])
        return found

    def items(self):
        """The items, with the sides' own buckets under names that both share."""
        if not self.key:
            return []
        shared = {self.uploads: "UPLOADS", self.images: "IMAGES"}
        return [{name: shared.get(value, value) for name, value in item.items()}
                for item in self.dynamodb.Table(self.table).scan()["Items"]]

    def manifest(self):
        """{name: entry}; None where there is no images.json."""
        try:
            body = self.get(self.uploads, "images.json")["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None
        return {entry["name"]: entry for entry in json.loads(body)}


class World:
    """Both sides of a system. What is done here is done to both."""

    count = 0

    def __init__(self, system):
        World.count += 1
        self.original = Side(system, "original", World.count)
        self.recipe = Side(system, "recipe", World.count)
        self.sides = (self.original, self.recipe)

    def put(self, key, body, content_type="image/jpeg"):
        for side in self.sides:
            side.put(key, body, content_type)

    def deliver(self, *keys, name="ObjectCreated:Put", size=0):
        """One event with a record for each key; {"original": its answer or Failed, "recipe": ...}"""
        answers = {}
        for side in self.sides:
            event = {"Records": [side.record(key, size, name) for key in keys]}
            try:
                answers[side.name] = side.run(event)
            except Failed as error:
                answers[side.name] = error
        return answers

    def upload(self, key, body, content_type="image/jpeg"):
        self.put(key, body, content_type)
        return self.deliver(key, size=len(body))

    def delete(self, key):
        for side in self.sides:
            side.s3.delete_object(Bucket=side.uploads, Key=key)
        return self.deliver(key, name="ObjectRemoved:Delete")
