"""The template in layer/templates/: what AWS's linter says, and whether the role may do just what
the rules ask for. `make test-templates` runs it. Closes with one tally.

The calls are read off the sources: a function of the modules s3 or dynamodb that is named there.
"""
import glob
import os
import re
import subprocess
import sys

from cfnlint.decode import cfn_yaml

TEMPLATE = "layer/templates/photos.yaml"
TABLE_OF_LIST = "bindings/manifest.lua"
RULES = ["scripts/handler.lua", TABLE_OF_LIST, "bindings/pipeline.lua",
         *glob.glob("scripts/recipes/*.lua")]
# What a function of ours asks of AWS. HEAD is a GET to IAM; large bodies go in parts.
ACTIONS = {
    "s3.get": ["s3:GetObject"], "s3.find": ["s3:GetObject"], "s3.head": ["s3:GetObject"],
    "s3.put": ["s3:PutObject", "s3:AbortMultipartUpload"],
    "s3.delete_all": ["s3:DeleteObject"], "s3.presign": ["s3:PutObject"],
    "s3.presign_post": ["s3:PutObject"],
    "dynamodb.get": ["dynamodb:GetItem"], "dynamodb.put": ["dynamodb:PutItem"],
    "dynamodb.delete": ["dynamodb:DeleteItem"], "dynamodb.query_pages": ["dynamodb:Query"],
}
tally = {"passed": 0, "failed": 0}


def check(what, got, want):
    tally["passed" if got == want else "failed"] += 1
    if got != want:
        print(f"FAILED: {what}\n  expected {want}\n  got      {got}")


def calls_of(path):
    with open(path, encoding="utf-8") as file:
        return set(re.findall(r"\b(?:s3|dynamodb)\.[a-z_]+\b", file.read()))


def actions_of(paths, service):
    return sorted({action for path in paths for call in calls_of(path) for action in ACTIONS[call]
                   if action.startswith(service + ":")})


def statements(resources):
    """Those of the role; what stands under a condition counts as well."""
    document = resources["Role"]["Properties"]["Policies"][0]["PolicyDocument"]
    for statement in document["Statement"]:
        yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def as_list(value):
    return [str(one) for one in (value if isinstance(value, list) else [value])]


def resource_names(statement):
    return set(re.findall(r"\b(Uploads|Pictures|Metadata|Entries|Queue|Log)\b",
                          str(statement["Resource"])))


def allowed(resources, service, name):
    return sorted({action for statement in statements(resources)
                   if name in resource_names(statement) for action in as_list(statement["Action"])
                   if action.startswith(service + ":")})


def check_role(resources):
    others = [path for path in RULES if path != TABLE_OF_LIST]
    check("what the rules do in S3 is allowed in the destination, and looking for what isn't there",
          allowed(resources, "s3", "Pictures"), sorted(actions_of(RULES, "s3") + ["s3:ListBucket"]))
    check("uploads are looked at, and may be allowed to others",
          allowed(resources, "s3", "Uploads"), ["s3:GetObject", "s3:ListBucket", "s3:PutObject"])
    check("the table of metadata", allowed(resources, "dynamodb", "Metadata"),
          actions_of(others, "dynamodb"))
    check("the table of the list", allowed(resources, "dynamodb", "Entries"),
          actions_of([TABLE_OF_LIST], "dynamodb"))
    everything = [statement for statement in statements(resources)
                  if "*" in as_list(statement["Resource"])]
    check("all resources are meant where there are none to name", [
        as_list(statement["Action"]) for statement in everything],
        [["xray:PutTraceSegments", "xray:PutTelemetryRecords"]])


def check_buckets(resources):
    for name in ("Uploads", "Pictures"):
        bucket = resources[name]
        check(f"{name} stays when the stack goes", bucket["DeletionPolicy"], "Retain")
        check(f"{name} is nobody's but ours",
              set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()), {True})


def check_alarms(resources):
    watched = sorted(one["Properties"].get("MetricName", "Duration") for one in resources.values()
                     if one["Type"] == "AWS::CloudWatch::Alarm")
    check("what is watched", watched, [
        "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "Duration", "Errors",
        "RecursiveInvocationsDropped", "Throttles"])


def main():
    program = os.path.join(os.path.dirname(sys.executable), "cfn-lint")
    linter = subprocess.run([program, TEMPLATE], check=False, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    check("cfn-lint", linter.stdout, "")
    resources = cfn_yaml.load(TEMPLATE)["Resources"]
    check_role(resources)
    check_buckets(resources)
    check_alarms(resources)
    print(f"{tally['passed']} passed, {tally['failed']} failed")
    sys.exit(tally["failed"] > 0)


main()
