# Where photos arrive, where pictures go, and who may see them. Terraform deletes no bucket that has
# anything in it.

locals {
  buckets = merge(
    { uploads = aws_s3_bucket.uploads.id },
    local.has_pictures ? { pictures = aws_s3_bucket.pictures[0].id } : {},
  )
}

resource "aws_s3_bucket" "uploads" {
  bucket_prefix = "${var.Stack}-uploads-"
}

resource "aws_s3_bucket" "pictures" {
  count         = local.has_pictures ? 1 : 0
  bucket_prefix = "${var.Stack}-pictures-"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "all" {
  for_each = local.buckets
  bucket   = each.value
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "all" {
  for_each = local.buckets
  bucket   = each.value
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "all" {
  for_each = local.buckets
  bucket   = each.value
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "all" {
  for_each   = local.buckets
  bucket     = each.value
  depends_on = [aws_s3_bucket_versioning.all]
  rule {
    id     = "what-was-replaced-or-given-up"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = var.KeepVersionsDays
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
    expiration {
      expired_object_delete_marker = true
    }
  }
}

# No ACL ever opens a bucket; the policy of the uploads may, if that is asked for.
resource "aws_s3_bucket_public_access_block" "uploads" {
  bucket                  = aws_s3_bucket.uploads.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = !local.is_public
  restrict_public_buckets = !local.is_public
}

resource "aws_s3_bucket_public_access_block" "pictures" {
  count                   = local.has_pictures ? 1 : 0
  bucket                  = aws_s3_bucket.pictures[0].id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_cors_configuration" "uploads" {
  count  = local.is_public ? 1 : 0
  bucket = aws_s3_bucket.uploads.id
  cors_rule {
    allowed_methods = ["GET", "HEAD"]
    allowed_origins = [var.AllowedOrigin]
    allowed_headers = ["*"]
    max_age_seconds = 3600
  }
}

data "aws_iam_policy_document" "uploads" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.uploads.arn, "${aws_s3_bucket.uploads.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
  dynamic "statement" {
    for_each = local.is_public ? [1] : []
    content {
      actions = ["s3:GetObject"]
      resources = [
        local.is_list_public
        ? "${aws_s3_bucket.uploads.arn}/images.json"
        : "${aws_s3_bucket.uploads.arn}/*"
      ]
      principals {
        type        = "*"
        identifiers = ["*"]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "uploads" {
  bucket     = aws_s3_bucket.uploads.id
  policy     = data.aws_iam_policy_document.uploads.json
  depends_on = [aws_s3_bucket_public_access_block.uploads]
}

data "aws_iam_policy_document" "pictures" {
  count = local.has_pictures ? 1 : 0
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.pictures[0].arn, "${aws_s3_bucket.pictures[0].arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.pictures[0].arn}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.site[0].arn]
    }
  }
}

resource "aws_s3_bucket_policy" "pictures" {
  count  = local.has_pictures ? 1 : 0
  bucket = aws_s3_bucket.pictures[0].id
  policy = data.aws_iam_policy_document.pictures[0].json
}

resource "aws_cloudfront_origin_access_control" "pictures" {
  count                             = local.has_pictures ? 1 : 0
  name                              = "${var.Stack}-pictures"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "site" {
  count        = local.has_pictures ? 1 : 0
  enabled      = true
  http_version = "http2and3"
  origin {
    origin_id                = "pictures"
    domain_name              = aws_s3_bucket.pictures[0].bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.pictures[0].id
  }
  default_cache_behavior {
    target_origin_id       = "pictures"
    viewer_protocol_policy = "redirect-to-https"
    compress               = true
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    # AWS's own: CachingOptimized, which heeds Cache-Control; and SimpleCORS.
    cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    response_headers_policy_id = "60669652-455b-4ae9-85a4-c4c02393f86c"
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    cloudfront_default_certificate = true
  }
}
