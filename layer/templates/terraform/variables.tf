# The same names, values and defaults as the parameters of ../photos.yaml, so that ../recipes/*.env
# are for all; the first three are Terraform's own.

variable "Stack" {
  type        = string
  description = "What the names of all that is made begin with."
  default     = "photos"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}$", var.Stack))
    error_message = "Stack: 2 to 25 of a-z 0-9 -"
  }
}

variable "LayerFile" {
  type        = string
  description = "build/layer/ARCHITECTURE/layer.zip"
}

variable "FunctionFile" {
  type        = string
  description = "build/function.zip"
}

variable "Architecture" {
  type    = string
  default = "arm64"
  validation {
    condition     = contains(["arm64", "x86_64"], var.Architecture)
    error_message = "Architecture: arm64 or x86_64"
  }
}

variable "Handler" {
  type        = string
  default     = "handler"
  description = "The file in function.zip and, if it returns a table, its function."
}

variable "MemorySize" {
  type        = number
  default     = 1024
  description = "MB; 1769 are one processor."
  validation {
    condition     = var.MemorySize >= 128 && var.MemorySize <= 10240
    error_message = "MemorySize: 128 to 10240"
  }
}

variable "TimeoutSeconds" {
  type    = number
  default = 30
  validation {
    condition     = var.TimeoutSeconds >= 5 && var.TimeoutSeconds <= 120
    error_message = "TimeoutSeconds: 5 to 120"
  }
}

variable "Concurrency" {
  type        = number
  default     = 10
  description = "How many photos are worked on at a time."
  validation {
    condition     = var.Concurrency >= 2 && var.Concurrency <= 1000
    error_message = "Concurrency: 2 to 1000"
  }
}

variable "Pictures" {
  type        = string
  default     = "yes"
  description = "A bucket for what is made of photos, and CloudFront in front of it."
  validation {
    condition     = contains(["yes", "no"], var.Pictures)
    error_message = "Pictures: yes or no"
  }
}

variable "KeyAttribute" {
  type        = string
  default     = "id"
  description = "What the table of metadata calls its key; none for no such table."
  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9_]*$", var.KeyAttribute))
    error_message = "KeyAttribute: letters, digits and _"
  }
}

variable "ManifestTable" {
  type        = string
  default     = "no"
  description = "A table for the public list, for many uploads at once."
  validation {
    condition     = contains(["yes", "no"], var.ManifestTable)
    error_message = "ManifestTable: yes or no"
  }
}

variable "Api" {
  type        = string
  default     = "no"
  description = "An HTTP API in front of the function, for handlers that answer requests."
  validation {
    condition     = contains(["yes", "no"], var.Api)
    error_message = "Api: yes or no"
  }
}

variable "WritesUploads" {
  type        = string
  default     = "no"
  description = "What the function may write where photos arrive: no, list (images.json) or all."
  validation {
    condition     = contains(["no", "list", "all"], var.WritesUploads)
    error_message = "WritesUploads: no, list or all"
  }
}

variable "PublicUploads" {
  type        = string
  default     = "no"
  description = "What anybody may read where photos arrive: no, list (images.json) or all."
  validation {
    condition     = contains(["no", "list", "all"], var.PublicUploads)
    error_message = "PublicUploads: no, list or all"
  }
}

variable "AllowedOrigin" {
  type        = string
  default     = "*"
  description = "The site whose pages may read what is public, as https://example.com."
}

variable "KeepVersionsDays" {
  type        = number
  default     = 30
  description = "How long what was replaced or deleted can be brought back."
  validation {
    condition     = var.KeepVersionsDays >= 1
    error_message = "KeepVersionsDays: at least 1"
  }
}

variable "Metrics" {
  type        = string
  default     = "yes"
  description = "The function's own metrics, each of which is paid for by the month."
  validation {
    condition     = contains(["yes", "no"], var.Metrics)
    error_message = "Metrics: yes or no"
  }
}

variable "Tracing" {
  type        = string
  default     = "PassThrough"
  description = "Active for X-Ray's traces of the function, which are paid for by the trace."
  validation {
    condition     = contains(["PassThrough", "Active"], var.Tracing)
    error_message = "Tracing: PassThrough or Active"
  }
}

variable "LogDays" {
  type    = number
  default = 30
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 180, 365], var.LogDays)
    error_message = "LogDays: 1, 3, 5, 7, 14, 30, 60, 90, 180 or 365"
  }
}

variable "AlarmEmail" {
  type        = string
  default     = ""
  description = "Where alarms go; empty for nowhere."
}

locals {
  has_pictures       = var.Pictures == "yes"
  has_metadata       = var.KeyAttribute != "none"
  has_manifest_table = var.ManifestTable == "yes"
  has_api            = var.Api == "yes"
  has_tracing        = var.Tracing == "Active"
  has_email          = var.AlarmEmail != ""
  writes_there       = var.WritesUploads != "no"
  writes_list        = var.WritesUploads == "list"
  is_public          = var.PublicUploads != "no"
  is_list_public     = var.PublicUploads == "list"
}
