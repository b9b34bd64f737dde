#!/usr/bin/env python3
"""create_tables.py ENDPOINT: the bucket and the tables that the tests expect, made with boto3."""
import sys

import boto3

FIXED = {"endpoint_url": sys.argv[1], "region_name": "us-east-1",
         "aws_access_key_id": "TESTKEY", "aws_secret_access_key": "TESTSECRET"}
TABLES = {"things": [("id", "S", "HASH")], "lines": [("id", "S", "HASH"), ("at", "N", "RANGE")]}

boto3.client("s3", **FIXED).create_bucket(Bucket="uploads")
dynamodb = boto3.client("dynamodb", **FIXED)
for table, keys in TABLES.items():
    dynamodb.create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind}
                              for name, kind, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": role} for name, _, role in keys])
