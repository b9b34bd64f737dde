"""The templates of CloudFormation and SAM as they are with certain parameters: conditions decided,
parameters in place, and SAM's own resources translated by SAM's translator."""
import logging
import os
import re
import subprocess

from cfnlint.decode import cfn_yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

FOLDER = "layer/templates"
PHOTOS = f"{FOLDER}/photos.yaml"
SAM = "build/sam-check/photos-sam.yaml"
NOTHING = object()
logging.getLogger("samtranslator").setLevel(logging.ERROR)


def plain(value):
    """Without the linter's own classes, which remember lines."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, str) else value


def load(path):
    return plain(cfn_yaml.load(path))


def settings(recipe):
    """What recipes/NAME.env says."""
    with open(f"{FOLDER}/recipes/{recipe}.env", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file)


class View:
    """A template with these parameters; resources stand for themselves, as "Uploads.Arn"."""

    def __init__(self, template, given):
        unknown = set(given) - set(template["Parameters"])
        assert not unknown, f"there are no parameters {unknown}"
        self.parameters = {name: given.get(name, one.get("Default", name))
                           for name, one in template["Parameters"].items()}
        self.conditions = template["Conditions"]
        self.resources = {
            name: self.value(one) for name, one in template["Resources"].items()
            if self.holds(one.get("Condition"))}

    def holds(self, condition):
        return condition is None or self.value(self.conditions[condition])

    def value(self, of):
        if isinstance(of, list):
            values = [self.value(one) for one in of]
            return [one for one in values if one is not NOTHING]
        if not isinstance(of, dict):
            return of
        if len(of) == 1:
            (name, inner), = of.items()
            function = getattr(self, name.replace("::", "_").lower(), None)
            if function and (name == "Ref" or name.startswith("Fn::")):
                return function(inner)
        values = {name: self.value(one) for name, one in of.items()}
        return {name: one for name, one in values.items() if one is not NOTHING}

    def ref(self, name):
        return NOTHING if name == "AWS::NoValue" else self.parameters.get(name, name)

    def fn_getatt(self, path):
        return path if isinstance(path, str) else ".".join(path)

    def fn_sub(self, text):
        return re.sub(r"\$\{([^}]*)\}", lambda found: str(self.parameters.get(
            found.group(1), found.group(0))), text)

    def fn_if(self, parts):
        return self.value(parts[1] if self.holds(parts[0]) else parts[2])

    def fn_equals(self, parts):
        return self.value(parts[0]) == self.value(parts[1])

    def fn_not(self, parts):
        return not self.value(parts[0])


def write_sam():
    """SAM's template, with something beside it that it can pack."""
    os.makedirs(os.path.dirname(SAM), exist_ok=True)
    text = subprocess.run(["sh", f"{FOLDER}/sam.sh"], check=True, stdout=subprocess.PIPE).stdout
    with open(SAM, "wb") as file:
        file.write(text)
    for name in ("layer.zip", "function.zip"):
        with open(os.path.join(os.path.dirname(SAM), name), "wb"):
            pass


def translated(given):
    """SAM's template as CloudFormation gets it, once `sam deploy` has uploaded the zips."""
    template = load(SAM)
    for resource, field in (("Layer", "ContentUri"), ("Function", "CodeUri")):
        template["Resources"][resource]["Properties"][field] = "s3://artifacts/uploaded.zip"
    values = {name: given.get(name, one.get("Default"))
              for name, one in template["Parameters"].items()}
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return plain(Translator({}, Parser()).translate(template, values))
