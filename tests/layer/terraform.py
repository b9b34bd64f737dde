"""layer/templates/terraform: read as HCL, held against the schema of AWS's provider, and evaluated as
far as the tests need it: which resources there are with certain settings, and what they say.

The schema is that of the bindings for the provider which cdktf publishes (build/aws-schema)."""
import functools
import glob
import json
import re

import hcl2

FOLDER = "layer/templates/terraform"
SCHEMA = "build/aws-schema/package/.jsii"
META = {"count", "for_each", "depends_on", "provider", "lifecycle"}


def unquoted(value):
    """As hcl2 gives it, without quotes and its own notes; expressions stay "${...}"."""
    if isinstance(value, dict):
        return {unquoted(name): unquoted(one) for name, one in value.items()
                if not name.startswith("__")}
    if isinstance(value, list):
        return [unquoted(one) for one in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


class Module:
    def __init__(self):
        self.resources, self.variables, self.locals, self.outputs = {}, {}, {}, {}
        for path in sorted(glob.glob(f"{FOLDER}/*.tf")):
            with open(path, encoding="utf-8") as file:
                self.read(unquoted(hcl2.load(file)))

    def read(self, file):
        for prefix, kind in (("", "resource"), ("data.", "data")):
            for block in file.get(kind, []):
                for type_name, named in block.items():
                    for name, body in named.items():
                        self.resources[f"{prefix}{type_name}.{name}"] = body
        for block in file.get("locals", []):
            self.locals.update(block)
        for kind, into in (("variable", self.variables), ("output", self.outputs)):
            for block in file.get(kind, []):
                into.update(block)


# ---- the provider's schema -----------------------------------------------------------------------

def snake(name):
    return re.sub(r"([A-Z])", lambda found: "_" + found.group(1).lower(), name)


@functools.lru_cache
def schema_types():
    with open(SCHEMA, encoding="utf-8") as file:
        types = json.load(file)["types"]
    return {full.partition(".")[2]: one for full, one in types.items()}


@functools.lru_cache
def class_of():
    """{"aws_s3_bucket": "s3Bucket.S3Bucket", "data.aws_region": ...}"""
    found = {}
    for full, one in schema_types().items():
        base = one.get("base", "")
        name = re.search(r" (aws_\w+)\}", one.get("docs", {}).get("summary", ""))
        if name and base.endswith(("TerraformResource", "TerraformDataSource")):
            prefix = "data." if base.endswith("DataSource") else ""
            found[prefix + name.group(1)] = full
    return found


def fields(struct):
    """{argument: (is required, struct of its block or None, type)}"""
    found = {}
    for one in schema_types()[struct].get("properties", []):
        docs = one.get("docs", {})
        text = docs.get("summary", "") + docs.get("remarks", "")
        name = re.search(r"\{@link [^#]*#(\w+)", text)
        inner = re.search(r'"fqn": "@cdktf/provider-aws\.([^"]+)"', json.dumps(one["type"]))
        is_block = docs.get("summary", "").endswith(" block.")
        found[name.group(1) if name else snake(one["name"])] = (
            not one.get("optional", False), inner.group(1) if inner and is_block else None,
            one["type"])
    return found


def body_errors(where, body, struct):
    known = fields(struct)
    given = dict(body)
    for block in given.pop("dynamic", []):
        for name, inner in block.items():
            given.setdefault(name, [])
            given[name] = given[name] + inner["content"]
    for name, value in given.items():
        if name in META:
            continue
        if name not in known:
            yield f"{where}: there is no '{name}'"
        elif known[name][1] and not isinstance(value, list):
            yield f"{where}: '{name}' is a block"
        elif known[name][1]:
            for one in value:
                yield from body_errors(f"{where}.{name}", one, known[name][1])
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            yield f"{where}: '{name}' is no block"
    for name, (is_required, _, _) in known.items():
        if is_required and name not in given:
            yield f"{where}: '{name}' is missing"


def schema_errors(module):
    for address, body in module.resources.items():
        type_name = address.rpartition(".")[0]
        if type_name not in class_of():
            yield f"{address}: there is no such type"
        else:
            yield from body_errors(address, body, class_of()[type_name] + "Config")


# ---- what expressions name -----------------------------------------------------------------------

REFERENCE = r"\b(?<![.\w:-])((?:data\.)?aws_\w+\.\w+)(\[[^\]]*\])?(?:\.(\w+))?"


def reference_errors(module):
    text = json.dumps([module.resources, module.locals, module.outputs])
    for name in sorted(set(re.findall(r"\bvar\.(\w+)", text)) - set(module.variables)):
        yield f"there is no var.{name}"
    for name in sorted(set(re.findall(r"\blocal\.(\w+)", text)) - set(module.locals)):
        yield f"there is no local.{name}"
    for name in sorted(set(module.variables) - set(re.findall(r"\bvar\.(\w+)", text))):
        yield f"nobody uses var.{name}"
    for address, index, attribute in sorted(set(re.findall(REFERENCE, text))):
        if address not in module.resources:
            yield f"there is no {address}"
            continue
        if attribute and ("count" in module.resources[address]) != bool(index):
            yield f"{address}{index}.{attribute}: an index where there is one, or none where many"
        full = class_of().get(address.rpartition(".")[0])
        if attribute and full and attribute not in {
                snake(one["name"]) for one in schema_types()[full]["properties"]}:
            yield f"{address} has no '{attribute}'"


# ---- with certain settings -----------------------------------------------------------------------

class View:
    def __init__(self, module, given):
        self.settings = {name: given.get(name, str(one.get("default", name)))
                         for name, one in module.variables.items()}
        self.flags = {}
        for name, expression in module.locals.items():
            found = re.fullmatch(r'\$\{var\.(\w+) (==|!=) "(\w*)"\}', str(expression))
            if found:
                variable, sign, value = found.groups()
                self.flags[name] = (self.settings[variable] == value) == (sign == "==")
        self.resources = {address: self.value(body) for address, body in module.resources.items()
                          if self.is_there(body.get("count"))}

    def is_there(self, count):
        found = re.fullmatch(r"\$\{local\.(\w+) \? (1|\[1\]) : (0|\[\])\}", str(count))
        assert found or count is None, count
        return count is None or self.flags[found.group(1)]

    def choose(self, text):
        """`local.x ? a : b` as it is with these settings, parentheses around it or not."""
        found = re.fullmatch(r"\(?\s*(!?)local\.(\w+)(?:\s+\?\s+(.*?)\s+:\s+(.*?))?\s*\)?", text,
                             re.DOTALL)
        if not found or found.group(2) not in self.flags:
            return text
        holds = self.flags[found.group(2)] != bool(found.group(1))
        return holds if found.group(3) is None else found.group(3 if holds else 4)

    def value(self, of):
        if isinstance(of, dict):
            values = {name: self.value(one) for name, one in of.items() if name != "dynamic"}
            for block in of.get("dynamic", []):
                for name, inner in block.items():
                    if self.is_there(inner["for_each"]):
                        values[name] = values.get(name, []) + self.value(inner["content"])
            return values
        if isinstance(of, list):
            return [self.value(one) for one in of]
        if not isinstance(of, str):
            return of
        found = re.fullmatch(r"\$\{(.*)\}", of, re.DOTALL)
        chosen = self.choose(found.group(1)) if found and "${" not in found.group(1)[:2] else of
        if isinstance(chosen, bool):
            return chosen
        return re.sub(r"^var\.(\w+)$|\$\{var\.(\w+)\}", lambda one: self.settings[
            one.group(1) or one.group(2)], chosen)

    def of_type(self, type_name):
        return {address.rpartition(".")[2]: body for address, body in self.resources.items()
                if address.rpartition(".")[0] == type_name}

    def strings(self, value):
        """The texts in a list, be it one or an expression of lists."""
        return re.findall(r'"([^"]*)"', value) if isinstance(value, str) else list(value)

    def places(self, value, names):
        """{"Uploads/*"}: the resources that a list of ARNs means, in CloudFormation's names."""
        found = set()
        for address, rest in re.findall(r"(aws_\w+\.\w+)(?:\[.\])?\.arn\}?(/[\w.*-]+)?", str(value)):
            if address in self.resources:
                found.add(names[address] + rest)
        return found or {"*"}

    def permissions(self, document, names):
        return {(action, place)
                for statement in self.resources[f"data.aws_iam_policy_document.{document}"]["statement"]
                for action in self.strings(statement["actions"])
                for place in self.places(statement["resources"], names)}
