# From an upload to the function; the function, what it may do, its tables, and its API.

terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
  backend "s3" {
    use_lockfile = true
  }
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

# ---- from an upload to the function --------------------------------------------------------------

resource "aws_sqs_queue" "queue" {
  name                       = var.Stack
  sqs_managed_sse_enabled    = true
  visibility_timeout_seconds = 720 # six times the longest TimeoutSeconds, as Lambda wants it
  message_retention_seconds  = 1209600
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.Stack}-dead-letters"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
}

data "aws_iam_policy_document" "queue" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.queue.arn]
    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_sqs_queue_policy" "queue" {
  queue_url = aws_sqs_queue.queue.id
  policy    = data.aws_iam_policy_document.queue.json
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket     = aws_s3_bucket.uploads.id
  depends_on = [aws_sqs_queue_policy.queue]
  queue {
    queue_arn = aws_sqs_queue.queue.arn
    events    = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"]
  }
}

resource "aws_lambda_event_source_mapping" "trigger" {
  event_source_arn        = aws_sqs_queue.queue.arn
  function_name           = aws_lambda_function.function.arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]
  depends_on              = [aws_iam_role_policy.function]
  scaling_config {
    maximum_concurrency = var.Concurrency
  }
}

# ---- the function --------------------------------------------------------------------------------

resource "aws_lambda_layer_version" "layer" {
  layer_name               = "${var.Stack}-lunette"
  description              = "Lunette, with GraphicsMagick and Lua"
  filename                 = var.LayerFile
  source_code_hash         = filebase64sha256(var.LayerFile)
  compatible_architectures = [var.Architecture]
  compatible_runtimes      = ["provided.al2023"]
  skip_destroy             = true
}

resource "aws_cloudwatch_log_group" "log" {
  name              = "/lunette/${var.Stack}"
  retention_in_days = var.LogDays
}

resource "aws_lambda_function" "function" {
  function_name    = var.Stack
  runtime          = "provided.al2023"
  architectures    = [var.Architecture]
  handler          = var.Handler
  filename         = var.FunctionFile
  source_code_hash = filebase64sha256(var.FunctionFile)
  layers           = [aws_lambda_layer_version.layer.arn]
  role             = aws_iam_role.role.arn
  memory_size      = var.MemorySize
  timeout          = var.TimeoutSeconds
  tracing_config {
    mode = var.Tracing
  }
  logging_config {
    log_group  = aws_cloudwatch_log_group.log.name
    log_format = "JSON"
  }
  environment {
    variables = merge(
      { UPLOAD_BUCKET = aws_s3_bucket.uploads.id },
      { LUNETTE_METRICS = var.Metrics },
      local.has_pictures ? { DESTINATION_BUCKET = aws_s3_bucket.pictures[0].id } : {},
      local.has_metadata ? { METADATA_TABLE = aws_dynamodb_table.metadata[0].name } : {},
      local.has_manifest_table ? { MANIFEST_TABLE = aws_dynamodb_table.entries[0].name } : {},
    )
  }
}

# ---- what it may do ------------------------------------------------------------------------------

data "aws_iam_policy_document" "lambda" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "role" {
  name_prefix        = "${var.Stack}-"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

data "aws_iam_policy_document" "function" {
  # Without ListBucket S3 says of what isn't there that it is forbidden.
  statement {
    actions   = ["s3:ListBucket"]
    resources = concat([aws_s3_bucket.uploads.arn], aws_s3_bucket.pictures[*].arn)
  }
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.uploads.arn}/*"]
  }
  dynamic "statement" {
    for_each = local.writes_there ? [1] : []
    content {
      # A list of many thousand photos goes in parts.
      actions = (
        local.writes_list ? ["s3:PutObject", "s3:AbortMultipartUpload"] : ["s3:PutObject"]
      )
      resources = [
        local.writes_list
        ? "${aws_s3_bucket.uploads.arn}/images.json"
        : "${aws_s3_bucket.uploads.arn}/*"
      ]
    }
  }
  dynamic "statement" {
    for_each = local.has_pictures ? [1] : []
    content {
      actions = [
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
      ]
      resources = ["${aws_s3_bucket.pictures[0].arn}/*"]
    }
  }
  dynamic "statement" {
    for_each = local.has_metadata ? [1] : []
    content {
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
      resources = [aws_dynamodb_table.metadata[0].arn]
    }
  }
  dynamic "statement" {
    for_each = local.has_manifest_table ? [1] : []
    content {
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
      resources = [aws_dynamodb_table.entries[0].arn]
    }
  }
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.queue.arn]
  }
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.log.arn}:*"]
  }
  dynamic "statement" {
    for_each = local.has_tracing ? [1] : []
    content { # has no resources to name
      actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role_policy" "function" {
  name   = "function"
  role   = aws_iam_role.role.id
  policy = data.aws_iam_policy_document.function.json
}

# ---- tables: neither is deleted before its protection is turned off ------------------------------

resource "aws_dynamodb_table" "metadata" {
  count                       = local.has_metadata ? 1 : 0
  name                        = "${var.Stack}-metadata"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.KeyAttribute
  deletion_protection_enabled = true
  attribute {
    name = var.KeyAttribute
    type = "S"
  }
  point_in_time_recovery {
    enabled = true
  }
}

resource "aws_dynamodb_table" "entries" {
  count                       = local.has_manifest_table ? 1 : 0
  name                        = "${var.Stack}-entries"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "manifest"
  range_key                   = "name"
  deletion_protection_enabled = true
  attribute {
    name = "manifest"
    type = "S"
  }
  attribute {
    name = "name"
    type = "S"
  }
  ttl {
    attribute_name = "expires"
    enabled        = true
  }
  point_in_time_recovery {
    enabled = true
  }
}

# ---- requests ------------------------------------------------------------------------------------

resource "aws_apigatewayv2_api" "api" {
  count         = local.has_api ? 1 : 0
  name          = var.Stack
  protocol_type = "HTTP"
  target        = aws_lambda_function.function.arn
}

resource "aws_lambda_permission" "api" {
  count         = local.has_api ? 1 : 0
  function_name = aws_lambda_function.function.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api[0].execution_arn}/*"
}

# ---- where everything is -------------------------------------------------------------------------

output "Uploads" {
  value       = aws_s3_bucket.uploads.id
  description = "Photos go in here."
}

output "List" {
  value = (
    local.is_public
    ? "https://${aws_s3_bucket.uploads.bucket_regional_domain_name}/images.json"
    : null
  )
  description = "The public list."
}

output "Pictures" {
  value       = one(aws_s3_bucket.pictures[*].id)
  description = "Pictures come out here."
}

output "Site" {
  value = (
    local.has_pictures
    ? "https://${aws_cloudfront_distribution.site[0].domain_name}"
    : null
  )
  description = "Where the world sees them."
}

output "Metadata" {
  value = one(aws_dynamodb_table.metadata[*].name)
}

output "DeadLetters" {
  value       = aws_sqs_queue.dead_letters.url
  description = "What could not be worked on."
}

output "Api" {
  value = one(aws_apigatewayv2_api.api[*].api_endpoint)
}
