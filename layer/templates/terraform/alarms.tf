# What goes wrong.

resource "aws_sns_topic" "alarms" {
  name = "${var.Stack}-alarms"
}

resource "aws_sns_topic_subscription" "mail" {
  count     = local.has_email ? 1 : 0
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.AlarmEmail
}

resource "aws_cloudwatch_metric_alarm" "failing" {
  alarm_name          = "${var.Stack}-failing"
  alarm_description   = "Invocations fail, and not only once."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "throttled" {
  alarm_name          = "${var.Stack}-throttled"
  alarm_description   = "Lambda has no room for more; ask for a higher quota or lower Concurrency."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = aws_lambda_function.function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "recursive" {
  alarm_name          = "${var.Stack}-recursive"
  alarm_description   = "The function started itself, and Lambda stopped it."
  namespace           = "AWS/Lambda"
  metric_name         = "RecursiveInvocationsDropped"
  dimensions          = { FunctionName = aws_lambda_function.function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "${var.Stack}-slow"
  alarm_description   = "The slowest invocations take more than 80 % of the timeout."
  evaluation_periods  = 1
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  metric_query {
    id          = "percent"
    expression  = "slowest / (${var.TimeoutSeconds} * 10)"
    label       = "percent of the timeout"
    return_data = true
  }
  metric_query {
    id          = "slowest"
    return_data = false
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Duration"
      dimensions  = { FunctionName = aws_lambda_function.function.function_name }
      period      = 300
      stat        = "p99"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "late" {
  alarm_name          = "${var.Stack}-late"
  alarm_description   = "Uploads wait for more than ten minutes."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.queue.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 600
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "dead" {
  alarm_name          = "${var.Stack}-dead"
  alarm_description   = "Events were given up after five attempts; read them, and send them again."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

locals {
  function_metric = ["FunctionName", aws_lambda_function.function.function_name]
  queue_metric    = ["QueueName", aws_sqs_queue.queue.name]
  region          = data.aws_region.current.region
}

resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = var.Stack
  dashboard_body = jsonencode({ widgets = [
    { type = "metric", width = 12, height = 6, x = 0, y = 0, properties = {
      title = "Invocations", region = local.region, stat = "Sum", period = 300,
      metrics = [for name in ["Invocations", "Errors", "Throttles", "RecursiveInvocationsDropped"] :
        concat(["AWS/Lambda", name], local.function_metric)
    ] } },
    { type = "metric", width = 12, height = 6, x = 12, y = 0, properties = {
      title = "How long they take", region = local.region, period = 300,
      metrics = [for stat in ["p50", "p99", "Maximum"] :
        concat(["AWS/Lambda", "Duration"], local.function_metric, [{ stat = stat }])
    ] } },
    { type = "metric", width = 12, height = 6, x = 0, y = 6, properties = {
      title = "Waiting", region = local.region, stat = "Maximum", period = 300,
      metrics = [
        concat(["AWS/SQS", "ApproximateNumberOfMessagesVisible"], local.queue_metric),
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName",
        aws_sqs_queue.dead_letters.name],
        concat(["AWS/SQS", "ApproximateAgeOfOldestMessage"], local.queue_metric,
        [{ yAxis = "right" }]),
    ] } },
    { type = "log", width = 12, height = 6, x = 12, y = 6, properties = {
      title = "What went wrong", region = local.region, view = "table",
      query = join(" ", ["SOURCE '${aws_cloudwatch_log_group.log.name}'",
    "| filter level != 'INFO' | sort @timestamp desc | limit 50"]) } },
  ] })
}
