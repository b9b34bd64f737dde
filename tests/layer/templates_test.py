"""The templates in layer/templates/: what AWS's linter and SAM's translator say; whether all tools
deploy the same; and whether each recipe's role allows just what the recipe was seen to ask for.
`make test-templates` runs it. Closes with one tally."""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
import recorded  # noqa: E402  pylint: disable=wrong-import-position
import same  # noqa: E402  pylint: disable=wrong-import-position
import template  # noqa: E402  pylint: disable=wrong-import-position
import terraform  # noqa: E402  pylint: disable=wrong-import-position

RECIPES = ["handler", *sorted(os.path.basename(path)[:-4]
                              for path in glob.glob("scripts/recipes/*.lua"))]
# What a role has besides what its function was seen to ask for, and why.
REASONS = {
    ("s3:AbortMultipartUpload", "PicturesBucket/*"): "a large picture goes in parts, and may fail",
    ("s3:AbortMultipartUpload", "Uploads/images.json"): "so does a list of many thousand photos",
    ("sqs:ReceiveMessage", "Queue"): "Lambda asks for the function",
    ("sqs:DeleteMessage", "Queue"): "Lambda asks for the function",
    ("sqs:GetQueueAttributes", "Queue"): "Lambda asks for the function",
    ("logs:CreateLogStream", "Log"): "Lambda writes what the function says",
    ("logs:PutLogEvents", "Log"): "Lambda writes what the function says",
    ("xray:PutTraceSegments", "*"): "over UDP to Lambda's daemon; has no resources to name",
    ("xray:PutTelemetryRecords", "*"): "over UDP to Lambda's daemon; has no resources to name",
}
NAMES = {"Uploads": "uploads", "PicturesBucket": "pictures", "Metadata": "metadata",
         "Entries": "entries"}
LIFE = ["done", "unchanged", "done", "rejected", "done", "deleted", "gone"]
ANSWERS = {"thumbnail_api": [200, 404, 200], "fixed_size": [200, 200]}
tally = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, got, want):
    tally["passed" if got == want else "failed"] += 1
    if got != want:
        print(f"FAILED: {what}\n  expected {want}\n  got      {got}")


def skip(what):
    tally["skipped"] += 1
    print(f"skipped: {what}")


def as_list(value):
    return value if isinstance(value, list) else [value]


# ---- the role, next to what was recorded ---------------------------------------------------------

def permissions(view):
    """{(action, resource)}: a resource is "Uploads", or "Uploads/*" for what is in it."""
    document = view.resources["Role"]["Properties"]["Policies"][0]["PolicyDocument"]
    return {(action, re.sub(r"\$\{|\.Arn|\}", "", resource))
            for statement in document["Statement"] for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])}


def allows(permission, call):
    action, resource = permission
    name, slash, rest = resource.partition("/")
    pattern = re.escape(NAMES.get(name, "")) + slash + re.escape(rest).replace(r"\*", ".*")
    return action == call[0] and re.fullmatch(pattern, call[1]) is not None


def check_role(proxy, recipe, view, what):
    world = recorded.World(proxy, recipe, view)
    check(f"{what}: what becomes of an upload", world.life(), LIFE)
    check(f"{what}: what the API answers", world.requests(), ANSWERS.get(recipe, []))
    allowed = permissions(view)
    check(f"{what}: calls that the role does not allow",
          sorted(call for call in world.seen if not any(allows(one, call) for one in allowed)), [])
    unused = {one for one in allowed if not any(allows(one, call) for call in world.seen)}
    check(f"{what}: rights that nobody uses, and that have no reason",
          sorted(unused - set(REASONS)), [])
    return unused


def check_roles(photos):
    unused = set()
    with recorded.recording() as proxy:
        for recipe in RECIPES:
            view = template.View(photos, template.settings(recipe))
            unused |= check_role(proxy, recipe, view, recipe)
        for recipe in ("handler", "manifest"):
            given = {**template.settings(recipe), "ManifestTable": "yes"}
            view = template.View(photos, given)
            unused |= check_role(proxy, recipe, view, f"{recipe}, with a table for its list")
        given = {**template.settings("handler"), "Tracing": "Active"}
        unused |= check_role(proxy, "handler", template.View(photos, given), "handler, traced")
    check("reasons that are none any more", sorted(set(REASONS) - unused), [])


# ---- what every recipe has -----------------------------------------------------------------------

BLOCKS = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]


def readers(view, bucket):
    """What anybody may read of the bucket."""
    statements = view.resources[bucket]["Properties"]["PolicyDocument"]["Statement"]
    return [one["Resource"] for one in statements
            if one["Effect"] == "Allow" and one["Principal"] == "*"]


def check_public(view, what, wanted):
    blocks = view.resources["Uploads"]["Properties"]["PublicAccessBlockConfiguration"]
    check(f"{what}: who may see the uploads", readers(view, "UploadsPolicy"), wanted)
    check(f"{what}: ACLs open nothing, and a policy only what it shall",
          [blocks[name] for name in BLOCKS], [True, True, not wanted, not wanted])
    check(f"{what}: pages of other sites may read it",
          "CorsConfiguration" in view.resources["Uploads"]["Properties"], bool(wanted))


def check_buckets(view, what):
    for name, bucket in view.resources.items():
        if bucket["Type"] != "AWS::S3::Bucket":
            continue
        check(f"{what}: {name} stays when the stack goes", bucket["DeletionPolicy"], "Retain")
        check(f"{what}: {name} keeps what is replaced",
              bucket["Properties"]["VersioningConfiguration"], {"Status": "Enabled"})
        check(f"{what}: {name} is encrypted", "BucketEncryption" in bucket["Properties"], True)
    if "PicturesBucket" in view.resources:
        blocks = view.resources["PicturesBucket"]["Properties"]["PublicAccessBlockConfiguration"]
        check(f"{what}: only CloudFront sees the pictures",
              [set(blocks.values()), readers(view, "PicturesPolicy")], [{True}, []])


def check_alarms(view, what):
    watched = sorted(one["Properties"].get("MetricName", "Duration")
                     for one in view.resources.values() if one["Type"] == "AWS::CloudWatch::Alarm")
    check(f"{what}: what is watched", watched, [
        "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "Duration", "Errors",
        "RecursiveInvocationsDropped", "Throttles"])


def check_tracing(photos, recipe):
    """X-Ray, and the right to send it anything, only where it is asked for."""
    for given, wanted in (({}, ("PassThrough", set())),
                          ({"Tracing": "Active"}, ("Active", {
                              ("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}))):
        view = template.View(photos, {**template.settings(recipe), **given})
        rights = {one for one in permissions(view) if one[0].startswith("xray:")}
        mode = view.resources["Function"]["Properties"]["TracingConfig"]["Mode"]
        check(f"{recipe}: X-Ray with {given}", (mode, rights), wanted)


def source_of(recipe):
    folder = "scripts" if recipe == "handler" else "scripts/recipes"
    with open(f"{folder}/{recipe}.lua", encoding="utf-8") as file:
        return file.read()


def check_settings(view, recipe):
    """The recipe's own words for its table, its buckets, and whether it answers requests."""
    source = source_of(recipe)
    key = re.search(r'key_attribute = "(\w+)"', source)
    has_table = "METADATA_TABLE" in source
    check(f"{recipe}: the table's key", view.parameters["KeyAttribute"],
          key.group(1) if key else "id" if has_table else "none")
    variables = view.resources["Function"]["Properties"]["Environment"]["Variables"]
    check(f"{recipe}: what it is told", sorted(variables),
          sorted({"LUNETTE_METRICS", "UPLOAD_BUCKET"} |
                 {name for name in ("DESTINATION_BUCKET", "METADATA_TABLE") if name in source}))
    check(f"{recipe}: its metrics", variables["LUNETTE_METRICS"], view.parameters["Metrics"])
    check(f"{recipe}: an API where it answers", "HttpApi" in view.resources, "request = {" in source)


# ---- CloudFormation and SAM ----------------------------------------------------------------------

def lint(*paths):
    program = os.path.join(os.path.dirname(sys.executable), "cfn-lint")
    linter = subprocess.run([program, *paths], check=False, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    check("cfn-lint", linter.stdout, "")


def common_form(view):
    """Resources by the names of photos.yaml, without what uploading changes, and SAM's tag."""
    resources = {}
    for name, resource in view.resources.items():
        properties = dict(resource.get("Properties", {}))
        if resource["Type"] == "AWS::Lambda::LayerVersion":
            name = "Layer"
            resource = {"Type": resource["Type"]}  # SAM keeps old ones by another word
            del properties["Content"]
        if resource["Type"] == "AWS::Lambda::Function":
            properties["Layers"] = len(properties["Layers"])
            del properties["Code"]
            properties.pop("Tags", None)
        name = {"FunctionTrigger": "Trigger"}.get(name, name)
        resources[name] = {**resource, "Properties": properties}
    return resources


def check_sam(photos, recipe, more=None):
    given = {**template.settings(recipe), **(more or {})}
    plain = common_form(template.View(photos, given))
    sam = common_form(template.View(template.translated(given), given))
    check(f"{recipe}: what SAM makes", sorted(sam), sorted(plain))
    for name in sorted(set(plain) & set(sam)):
        check(f"{recipe}: SAM's {name}", sam[name], plain[name])


# ---- Terraform -----------------------------------------------------------------------------------

def check_terraform(photos):
    module = terraform.Module()
    check("Terraform: what AWS's provider does not know",
          list(terraform.schema_errors(module)), [])
    check("Terraform: names of nothing", list(terraform.reference_errors(module)), [])
    for what, ours, theirs in same.parameters(module, photos):
        check(f"Terraform: {what}", ours, theirs)
    cases = [(recipe, {}) for recipe in RECIPES] + [
        ("manifest", {"PublicUploads": "all", "WritesUploads": "all", "ManifestTable": "yes"}),
        ("handler", {"ManifestTable": "yes", "AlarmEmail": "me@example.com", "LogDays": "7",
                     "Tracing": "Active"})]
    seen, all_facts = set(), set()
    for recipe, more in cases:
        given = {**template.settings(recipe), **more}
        stack = template.View(photos, given)
        for what, ours, theirs in same.everything(
                terraform.View(module, given), stack, permissions(stack)):
            check(f"{' '.join([recipe, *more])}: Terraform: {what}", ours, theirs)
            all_facts.add(what)
            seen |= {what} if ours is not None else set()
    check("Terraform: facts that were nowhere to be seen", sorted(all_facts - seen), [])


PROVIDER = """#!/bin/sh
exec "$LUNETTE_PYTHON" "$LUNETTE_ROOT/tests/layer/provider.py" "$@"
"""


def stand_in():
    """The environment in which Terraform takes provider.py for AWS's provider."""
    folder = os.path.abspath("build/terraform-provider")
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/terraform-provider-aws", "w", encoding="utf-8") as file:
        file.write(PROVIDER)
    os.chmod(file.name, 0o755)
    with open(f"{folder}/terraform.rc", "w", encoding="utf-8") as file:
        file.write('provider_installation {\n  dev_overrides {\n'
                   f'    "hashicorp/aws" = "{folder}"\n  }}\n  direct {{}}\n}}\n')
    return {**os.environ, "TF_CLI_CONFIG_FILE": file.name, "CHECKPOINT_DISABLE": "1",
            "LUNETTE_ROOT": os.getcwd(), "LUNETTE_PYTHON": sys.executable}


def run_terraform():
    """What Terraform itself says, where it is installed."""
    if not shutil.which("terraform"):
        skip("terraform fmt, terraform validate: Terraform is not installed")
        return
    for command in (["fmt", "-check", "-diff"], ["validate", "-no-color"]):
        said = subprocess.run(["terraform", f"-chdir={terraform.FOLDER}", *command], check=False,
                              capture_output=True, text=True, timeout=1200, env=stand_in())
        check(f"terraform {command[0]}", (said.returncode, said.stderr), (0, ""))


def main():
    template.write_sam()
    lint(template.PHOTOS, template.SAM)
    photos = template.load(template.PHOTOS)
    check("every recipe has its settings, and nothing else has", sorted(
        os.path.basename(path)[:-4] for path in glob.glob(f"{template.FOLDER}/recipes/*")),
        sorted(RECIPES))
    for recipe in RECIPES:
        view = template.View(photos, {**template.settings(recipe), "Metrics": "no"})
        check_settings(view, recipe)
        check_buckets(view, recipe)
        check_alarms(view, recipe)
        check_public(view, recipe, ["${Uploads.Arn}/images.json"] if recipe == "manifest" else [])
        check_tracing(photos, recipe)
        check_sam(photos, recipe)
    check_sam(photos, "handler", {"Tracing": "Active"})
    everything = template.View(photos, {**template.settings("manifest"), "PublicUploads": "all"})
    check_public(everything, "all of it public", ["${Uploads.Arn}/*"])
    check_terraform(photos)
    run_terraform()
    check_roles(photos)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**tally))
    sys.exit(tally["failed"] > 0)


main()
