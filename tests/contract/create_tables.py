#!/usr/bin/env python3
"""create_tables.py ENDPOINT ACCESS_KEY SECRET_KEY: makes the tables that the tests expect."""
import json
import sys
import time

import signed

TABLES = {"things": [("id", "S", "HASH")], "lines": [("id", "S", "HASH"), ("at", "N", "RANGE")],
          "lists": [("manifest", "S", "HASH"), ("name", "S", "RANGE")]}
endpoint, *credentials = sys.argv[1:]


def call(operation, **fields):
    headers = {"content-type": "application/x-amz-json-1.0",
               "x-amz-target": "DynamoDB_20120810." + operation}
    return json.loads(signed.send("POST", endpoint + "/", "dynamodb", credentials, headers,
                                  json.dumps(fields).encode()))


for table, keys in TABLES.items():
    call("CreateTable", TableName=table, BillingMode="PAY_PER_REQUEST",
         AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind}
                               for name, kind, _ in keys],
         KeySchema=[{"AttributeName": name, "KeyType": role} for name, _, role in keys])
for table in TABLES:
    while call("DescribeTable", TableName=table)["Table"]["TableStatus"] != "ACTIVE":
        time.sleep(0.05)
