"""images.json beside the photos: the function that the recipe `manifest` replaces, as it was."""
import json
import mimetypes

import boto3

s3 = boto3.client("s3")


def handler(event, context):
    record = event["Records"][0]
    bucket = record["s3"]["bucket"]["name"]
    key = record["s3"]["object"]["key"]
    details = {"name": key, "size": record["s3"]["object"]["size"],
               "type": mimetypes.guess_type(key)[0]}
    try:
        images = json.loads(s3.get_object(Bucket=bucket, Key="images.json")["Body"].read())
    except s3.exceptions.NoSuchKey:
        images = []
    for image in images:
        if image["name"] == key:
            image.update(details)
            break
    else:
        images.append(details)
    s3.put_object(Bucket=bucket, Key="images.json", Body=json.dumps(images),
                  ContentType="application/json", ACL="public-read")
    return {"statusCode": 200, "body": json.dumps(details)}
