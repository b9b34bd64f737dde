"""A stand-in for Terraform's provider for AWS, for `terraform validate` where the real one is not to be
had: it has the real one's schema (as terraform.py reads it) for the types that the module uses, and
does nothing. Started by Terraform itself."""
import json
import os
import sys

import tf.provider
from tf.gen import tfplugin_pb2 as pb
from tf.runner import run_provider

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import terraform  # noqa: E402  pylint: disable=wrong-import-position

LIST = pb.Schema.NestedBlock.NestingMode.LIST


def type_of(type_in_schema):
    """A type of cdktf's as Terraform writes it; "dynamic" where there is no telling."""
    text = json.dumps(type_in_schema)
    kinds = [kind for kind in ("string", "number", "boolean") if f'"primitive": "{kind}"' in text]
    if len(kinds) != 1 or "provider-aws" in text:
        return "dynamic"
    inner = {"boolean": "bool"}.get(kinds[0], kinds[0])
    if '"kind": "array"' in text:
        return ["list", inner]
    return ["map", inner] if '"kind": "map"' in text else inner


def block(struct, computed=()):
    made = pb.Schema.Block()
    known = terraform.fields(struct)
    for name, (required, inner, kind) in known.items():
        if inner:
            made.block_types.append(pb.Schema.NestedBlock(
                type_name=name, nesting=LIST, block=block(inner), min_items=int(required)))
        else:
            made.attributes.append(pb.Schema.Attribute(
                name=name, type=json.dumps(type_of(kind)).encode(), required=required,
                optional=not required, computed=not required))
    for name, kind in computed:
        if name not in known:
            made.attributes.append(pb.Schema.Attribute(
                name=name, type=json.dumps(type_of(kind)).encode(), computed=True))
    return made


def schema(type_name):
    full = terraform.class_of()[type_name]
    attributes = [(terraform.snake(one["name"]), one["type"])
                  for one in terraform.schema_types()[full]["properties"]
                  if not one.get("static") and not one["name"].endswith("Input")]
    return pb.Schema(version=0, block=block(full + "Config", attributes))


class StandIn(tf.provider.ProviderServicer):
    def GetProviderSchema(self, request, context):  # noqa: N802  pylint: disable=invalid-name
        types = {address.rpartition(".")[0] for address in terraform.Module().resources}
        answer = pb.GetProviderSchema.Response(provider=pb.Schema(version=0, block=pb.Schema.Block()))
        for name in sorted(types):
            place = answer.data_source_schemas if name.startswith("data.") else \
                answer.resource_schemas
            place[name.removeprefix("data.")].CopyFrom(schema(name))
        return answer

    def ValidateProviderConfig(self, request, context):  # noqa: N802  pylint: disable=invalid-name
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):  # noqa: N802  pylint: disable=invalid-name
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request, context):  # noqa: N802  pylint: disable=invalid-name
        return pb.ValidateDataResourceConfig.Response()


class Nothing:
    def __getattr__(self, name):
        return lambda *_: []


os.chdir(os.environ["LUNETTE_ROOT"])
tf.provider.ProviderServicer = StandIn
run_provider(Nothing(), sys.argv)
