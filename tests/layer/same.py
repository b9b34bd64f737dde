"""Whether layer/templates/terraform makes what photos.yaml makes, recipe by recipe: yields
(what, what Terraform says, what CloudFormation says)."""
import json
import re

NAMES = {"aws_s3_bucket.uploads": "Uploads", "aws_s3_bucket.pictures": "PicturesBucket",
         "aws_dynamodb_table.metadata": "Metadata", "aws_dynamodb_table.entries": "Entries",
         "aws_sqs_queue.queue": "Queue", "aws_cloudwatch_log_group.log": "Log"}
# Kinds that both count alike; what CloudFormation says of a bucket are resources to Terraform.
KINDS = {
    "aws_s3_bucket": "AWS::S3::Bucket", "aws_s3_bucket_policy": "AWS::S3::BucketPolicy",
    "aws_cloudfront_origin_access_control": "AWS::CloudFront::OriginAccessControl",
    "aws_cloudfront_distribution": "AWS::CloudFront::Distribution",
    "aws_sqs_queue": "AWS::SQS::Queue", "aws_sqs_queue_policy": "AWS::SQS::QueuePolicy",
    "aws_lambda_event_source_mapping": "AWS::Lambda::EventSourceMapping",
    "aws_lambda_layer_version": "AWS::Lambda::LayerVersion",
    "aws_lambda_function": "AWS::Lambda::Function", "aws_iam_role": "AWS::IAM::Role",
    "aws_lambda_permission": "AWS::Lambda::Permission",
    "aws_cloudwatch_log_group": "AWS::Logs::LogGroup", "aws_dynamodb_table": "AWS::DynamoDB::Table",
    "aws_apigatewayv2_api": "AWS::ApiGatewayV2::Api", "aws_sns_topic": "AWS::SNS::Topic",
    "aws_sns_topic_subscription": "AWS::SNS::Subscription",
    "aws_cloudwatch_metric_alarm": "AWS::CloudWatch::Alarm",
    "aws_cloudwatch_dashboard": "AWS::CloudWatch::Dashboard",
}
ALARM = {"alarm_description": "AlarmDescription", "namespace": "Namespace",
         "metric_name": "MetricName", "statistic": "Statistic", "period": "Period",
         "evaluation_periods": "EvaluationPeriods", "threshold": "Threshold",
         "comparison_operator": "ComparisonOperator", "treat_missing_data": "TreatMissingData"}
# Single facts: Terraform's resource and path, CloudFormation's resource and path.
FACTS = [
    ("aws_lambda_function.function", "runtime", "Function", "Runtime"),
    ("aws_lambda_function.function", "architectures", "Function", "Architectures"),
    ("aws_lambda_function.function", "handler", "Function", "Handler"),
    ("aws_lambda_function.function", "memory_size", "Function", "MemorySize"),
    ("aws_lambda_function.function", "timeout", "Function", "Timeout"),
    ("aws_lambda_function.function", "tracing_config.0.mode", "Function", "TracingConfig.Mode"),
    ("aws_lambda_function.function", "logging_config.0.log_format", "Function",
     "LoggingConfig.LogFormat"),
    ("aws_lambda_event_source_mapping.trigger", "batch_size", "Trigger", "BatchSize"),
    ("aws_lambda_event_source_mapping.trigger", "function_response_types", "Trigger",
     "FunctionResponseTypes"),
    ("aws_lambda_event_source_mapping.trigger", "scaling_config.0.maximum_concurrency", "Trigger",
     "ScalingConfig.MaximumConcurrency"),
    ("aws_sqs_queue.queue", "visibility_timeout_seconds", "Queue", "VisibilityTimeout"),
    ("aws_sqs_queue.queue", "message_retention_seconds", "Queue", "MessageRetentionPeriod"),
    ("aws_sqs_queue.queue", "sqs_managed_sse_enabled", "Queue", "SqsManagedSseEnabled"),
    ("aws_sqs_queue.dead_letters", "message_retention_seconds", "DeadLetters",
     "MessageRetentionPeriod"),
    ("aws_sqs_queue.dead_letters", "sqs_managed_sse_enabled", "DeadLetters",
     "SqsManagedSseEnabled"),
    ("aws_cloudwatch_log_group.log", "retention_in_days", "Log", "RetentionInDays"),
    ("aws_dynamodb_table.metadata", "hash_key", "Metadata", "KeySchema.0.AttributeName"),
    ("aws_dynamodb_table.metadata", "billing_mode", "Metadata", "BillingMode"),
    ("aws_dynamodb_table.metadata", "point_in_time_recovery.0.enabled", "Metadata",
     "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"),
    ("aws_dynamodb_table.entries", "hash_key", "Entries", "KeySchema.0.AttributeName"),
    ("aws_dynamodb_table.entries", "range_key", "Entries", "KeySchema.1.AttributeName"),
    ("aws_dynamodb_table.entries", "ttl.0.attribute_name", "Entries",
     "TimeToLiveSpecification.AttributeName"),
    ("aws_cloudfront_origin_access_control.pictures", "signing_behavior", "SiteAccess",
     "OriginAccessControlConfig.SigningBehavior"),
    ("aws_cloudfront_distribution.site", "http_version", "Site", "DistributionConfig.HttpVersion"),
    ("aws_s3_bucket_cors_configuration.uploads", "cors_rule.0.allowed_methods", "Uploads",
     "CorsConfiguration.CorsRules.0.AllowedMethods"),
    ("aws_s3_bucket_cors_configuration.uploads", "cors_rule.0.allowed_origins", "Uploads",
     "CorsConfiguration.CorsRules.0.AllowedOrigins"),
    *[("aws_cloudfront_distribution.site", f"default_cache_behavior.0.{one}", "Site",
       f"DistributionConfig.DefaultCacheBehavior.{other}")
      for one, other in (("viewer_protocol_policy", "ViewerProtocolPolicy"),
                         ("cache_policy_id", "CachePolicyId"), ("compress", "Compress"),
                         ("response_headers_policy_id", "ResponseHeadersPolicyId"))],
    *[(f"aws_s3_bucket_public_access_block.{one}", field, other, "PublicAccessBlockConfiguration."
       + "".join(word.capitalize() for word in field.split("_")))
      for one, other in (("uploads", "Uploads"), ("pictures", "PicturesBucket"))
      for field in ("block_public_acls", "ignore_public_acls", "block_public_policy",
                    "restrict_public_buckets")],
    *[(f"aws_s3_bucket_{one}.all", path, "Uploads", other) for one, path, other in (
        ("versioning", "versioning_configuration.0.status", "VersioningConfiguration.Status"),
        ("server_side_encryption_configuration",
         "rule.0.apply_server_side_encryption_by_default.0.sse_algorithm",
         "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault"
         ".SSEAlgorithm"),
        ("ownership_controls", "rule.0.object_ownership",
         "OwnershipControls.Rules.0.ObjectOwnership"),
        *[("lifecycle_configuration", "rule.0." + path, "LifecycleConfiguration.Rules.0." + other)
          for path, other in (
              ("id", "Id"), ("status", "Status"),
              ("noncurrent_version_expiration.0.noncurrent_days",
               "NoncurrentVersionExpiration.NoncurrentDays"),
              ("abort_incomplete_multipart_upload.0.days_after_initiation",
               "AbortIncompleteMultipartUpload.DaysAfterInitiation"),
              ("expiration.0.expired_object_delete_marker", "ExpiredObjectDeleteMarker"))])],
]


def at(resources, name, path):
    """What is there as text; None where anything on the way is not."""
    found = resources.get(name)
    for step in path.split("."):
        if isinstance(found, list):
            found = found[int(step)] if int(step) < len(found) else None
        elif isinstance(found, dict):
            found = found.get(step)
    return None if found is None else json.dumps(found).strip('"')


def properties(stack):
    return {name: one.get("Properties", {}) for name, one in stack.resources.items()}


def facts(module, stack):
    plain = properties(stack)
    for address, path, name, other in FACTS:
        yield f"{address}: {path}", at(module.resources, address, path), at(plain, name, other)


def kinds(module, stack):
    there = [one["Type"] for one in stack.resources.values()]
    for one, other in KINDS.items():
        yield f"how many {one}", len(module.of_type(one)), there.count(other)
    known = set(KINDS.values()) | {"AWS::IAM::Policy"}
    yield "kinds that nobody compares", sorted(set(there) - known), []


def alarm_of_module(one):
    queries = [(query["id"], query.get("expression"), query["return_data"],
                *[(metric["metric_name"], metric["period"], metric["stat"])
                  for metric in query.get("metric", [])]) for query in one.get("metric_query", [])]
    return {other: one.get(name) for name, other in ALARM.items()} | {"queries": queries}


def alarm_of_stack(one):
    queries = [(query["Id"], query.get("Expression"), query.get("ReturnData", True),
                *[(stat["Metric"]["MetricName"], stat["Period"], stat["Stat"])
                  for stat in [query.get("MetricStat")] if stat])
               for query in one.get("Metrics", [])]
    return {name: one.get(name) for name in ALARM.values()} | {"queries": queries}


def alarms(module, stack):
    ours = module.of_type("aws_cloudwatch_metric_alarm")
    theirs = {name.lower(): one["Properties"] for name, one in stack.resources.items()
              if one["Type"] == "AWS::CloudWatch::Alarm"}
    yield "alarms", sorted(ours), sorted(theirs)
    for name in sorted(set(ours) & set(theirs)):
        yield f"alarm {name}", alarm_of_module(ours[name]), alarm_of_stack(theirs[name])
        yield f"alarm {name} tells somebody", ours[name]["alarm_actions"], [
            "aws_sns_topic.alarms.arn"]


def environment(module, stack):
    text = module.resources["aws_lambda_function.function"]["environment"][0]["variables"]
    # merge({A = x}, local.flag ? {B = y} : {}, ...)
    there = [name for flag, name in re.findall(r"(?:local\.(\w+) \? )?\{(\w+) = ", text)
             if not flag or module.flags[flag]]
    yield "what the function is told", sorted(there), sorted(
        stack.resources["Function"]["Properties"]["Environment"]["Variables"])


def way_in(module, stack):
    """From the bucket through the queue, and what becomes of what fails."""
    plain = properties(stack)
    yield "events", module.resources["aws_s3_bucket_notification.uploads"]["queue"][0]["events"], [
        one["Event"] for one in
        plain["Uploads"]["NotificationConfiguration"]["QueueConfigurations"]]
    redrive = module.resources["aws_sqs_queue.queue"]["redrive_policy"]
    yield "dead letters", re.findall(r"aws_sqs_queue.dead_letters.arn|\d+", redrive), [
        "aws_sqs_queue.dead_letters.arn", str(plain["Queue"]["RedrivePolicy"]["maxReceiveCount"])]


def readers(module, stack):
    """What anybody may read."""
    for name, policy, bucket in (("uploads", "UploadsPolicy", "Uploads"),
                                 ("pictures", "PicturesPolicy", "PicturesBucket")):
        document = module.resources.get(f"data.aws_iam_policy_document.{name}", {"statement": []})
        ours = sorted(place for one in document["statement"]
                      if one.get("effect") != "Deny" and one["principals"][0]["type"] == "*"
                      for place in module.places(one["resources"], NAMES))
        statements = stack.resources.get(policy, {}).get("Properties", {}).get(
            "PolicyDocument", {"Statement": []})["Statement"]
        yield f"who may see {bucket}", ours, sorted(
            re.sub(r"\$\{|\.Arn|\}", "", one["Resource"]) for one in statements
            if one["Effect"] == "Allow" and one["Principal"] == "*")


def everything(module, stack, permissions):
    for part in (facts, kinds, alarms, environment, way_in, readers):
        yield from part(module, stack)
    yield "the role", sorted(module.permissions("function", NAMES)), sorted(permissions)


def parameters(module, template):
    """Names and defaults; each tool has three of its own."""
    own = {"Stack", "LayerFile", "FunctionFile", "ArtifactBucket", "LayerKey", "FunctionKey"}
    ours = {name: str(one.get("default")) for name, one in module.variables.items()}
    theirs = {name: str(one.get("Default")) for name, one in template["Parameters"].items()}
    yield "parameters and their defaults", *[
        {name: value for name, value in sorted(one.items()) if name not in own}
        for one in (ours, theirs)]
    yield "outputs", sorted(module.outputs), sorted(template["Outputs"])
