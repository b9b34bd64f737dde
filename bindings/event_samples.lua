-- Sample events, as AWS sends them. For `lunette event`, `lunette process` and tests, through
-- events.sample and events.samples.
--
-- The same fields give the same bytes: nothing here reads a clock.

local check = require "lunette.check"
local hash = require "hash"
local http_samples = require "lunette.event_samples_http"
local json = require "json"
local percent = require "lunette.percent"

local samples = {}

local function bare(etag)
  return etag and etag:gsub('"', "") or nil
end

local function record(name, fields, object)
  return {
    Records = json.array { {
      eventVersion = "2.1",
      eventSource = "aws:s3",
      awsRegion = fields.region,
      eventTime = fields.time,
      eventName = name,
      userIdentity = { principalId = "AWS:EXAMPLE" },
      requestParameters = { sourceIPAddress = "127.0.0.1" },
      responseElements = {
        ["x-amz-request-id"] = "C3D13FE58DE4C810",
        ["x-amz-id-2"] = "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD",
      },
      s3 = {
        s3SchemaVersion = "1.0",
        configurationId = "uploads",
        bucket = {
          name = fields.bucket,
          ownerIdentity = { principalId = "EXAMPLE" },
          arn = "arn:aws:s3:::" .. fields.bucket,
        },
        object = object,
      },
    } },
  }
end

local function put(fields)
  return record("ObjectCreated:Put", fields, {
    key = percent.form_encode(fields.key),
    size = fields.size,
    eTag = bare(fields.etag),
    versionId = fields.version_id,
    sequencer = fields.sequencer,
  })
end

local function delete(fields)
  return record("ObjectRemoved:Delete", fields, {
    key = percent.form_encode(fields.key),
    versionId = fields.version_id,
    sequencer = fields.sequencer,
  })
end

local function test(fields)
  return {
    Service = "Amazon S3",
    Event = "s3:TestEvent",
    Time = fields.time,
    Bucket = fields.bucket,
    RequestId = "5582815E1AEA5ADF",
    HostId = "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
  }
end

local function direct(fields)
  return {
    bucket = fields.bucket,
    key = fields.key,
    size = fields.size,
    etag = fields.etag,
    version_id = fields.version_id,
    sequencer = fields.sequencer,
    deleted = fields.deleted,
  }
end

-- ---- through other services --------------------------------------------------------------------

local account = "123456789012"

local function notification_of(fields)
  return (fields.deleted and delete or put)(fields)
end

local function event_bridge(fields)
  return {
    version = "0",
    id = "17793124-05d4-b198-2fde-7ededc63b103",
    ["detail-type"] = fields.deleted and "Object Deleted" or "Object Created",
    source = "aws.s3",
    account = account,
    time = fields.time,
    region = fields.region,
    resources = json.array { "arn:aws:s3:::" .. fields.bucket },
    detail = {
      version = "0",
      bucket = { name = fields.bucket },
      object = {
        key = fields.key, -- not encoded
        size = not fields.deleted and fields.size or nil,
        etag = not fields.deleted and bare(fields.etag) or nil,
        ["version-id"] = fields.version_id,
        sequencer = fields.sequencer,
      },
      ["request-id"] = "C3D13FE58DE4C810",
      requester = account,
      ["source-ip-address"] = "127.0.0.1",
      reason = fields.deleted and "DeleteObject" or "PutObject",
      ["deletion-type"] = fields.deleted and "Permanently Deleted" or nil,
    },
  }
end

local function sns_envelope(fields, message)
  return {
    Type = "Notification",
    MessageId = "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
    TopicArn = ("arn:aws:sns:%s:%s:uploads"):format(fields.region, account),
    Subject = "Amazon S3 Notification",
    Message = json.encode(message),
    Timestamp = fields.time,
    SignatureVersion = "1",
    Signature = "EXAMPLE",
    SigningCertURL = "EXAMPLE",
    UnsubscribeURL = "EXAMPLE",
  }
end

local function sns(fields)
  local envelope = sns_envelope(fields, notification_of(fields))
  envelope.MessageAttributes = {}
  return {
    Records = json.array { {
      EventVersion = "1.0",
      EventSource = "aws:sns",
      EventSubscriptionArn = envelope.TopicArn .. ":21be56ed-a058-49f5-8c98-aedd2564c486",
      Sns = envelope,
    } },
  }
end

-- A message's id follows from what it says and is about, as no two have the same.
local function sqs(fields, message, queue)
  local body = json.encode(message)
  local fifo = fields.group and ".fifo" or ""
  local digest = hash.md5(body .. (fields.group or ""))
  return {
    Records = json.array { {
      messageId = ("%s-%s-%s-%s-%s"):format(digest:sub(1, 8), digest:sub(9, 12),
        digest:sub(13, 16), digest:sub(17, 20), digest:sub(21)),
      receiptHandle = "EXAMPLE",
      body = body,
      attributes = {
        ApproximateReceiveCount = "1",
        SentTimestamp = "0",
        SenderId = "EXAMPLE",
        ApproximateFirstReceiveTimestamp = "0",
        MessageGroupId = fields.group,
        MessageDeduplicationId = fields.group and digest,
        SequenceNumber = fields.group and "18849496460467696128",
      },
      messageAttributes = {},
      md5OfBody = hash.md5(body),
      eventSource = "aws:sqs",
      eventSourceARN = ("arn:aws:sqs:%s:%s:%s%s"):format(fields.region, account,
        queue or "uploads", fifo),
      awsRegion = fields.region,
    } },
  }
end

local function sqs_from_s3(fields)
  return sqs(fields, notification_of(fields))
end

local function sqs_from_sns(fields)
  local message = notification_of(fields)
  return sqs(fields, fields.raw and message or sns_envelope(fields, message))
end

local function sqs_from_event_bridge(fields)
  return sqs(fields, event_bridge(fields))
end

-- Pipes send the records of a source without what is around them.
local function pipe(fields)
  return sqs(fields, notification_of(fields)).Records
end

local function batch(fields)
  local is_old = fields.schema == "1.0"
  return {
    invocationSchemaVersion = fields.schema,
    invocationId = "YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo",
    job = { id = "f3cc4f60-61f6-4a2b-8a21-d07600c373ce",
      userArguments = not is_old and json.object {} or nil },
    tasks = json.array { {
      taskId = "dGFza2lkZ29lc2hlcmUK",
      s3Key = percent.form_encode(fields.key),
      s3VersionId = fields.version_id or json.null,
      s3Bucket = not is_old and fields.bucket or nil,
      s3BucketArn = is_old and "arn:aws:s3:::" .. fields.bucket or nil,
    } },
  }
end

-- What Lambda sends to a destination when it has given up.
local function destination(fields)
  return {
    version = "1.0",
    timestamp = fields.time,
    requestContext = {
      requestId = "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
      functionArn = ("arn:aws:lambda:%s:%s:function:images:$LATEST"):format(fields.region, account),
      condition = "RetriesExhausted",
      approximateInvokeCount = 3,
    },
    requestPayload = notification_of(fields),
    responseContext = { statusCode = 200, executedVersion = "$LATEST",
      functionError = "Unhandled" },
    responsePayload = { errorMessage = "SlowDown", errorType = "Function.LuaError" },
  }
end

-- A dead-letter queue of the function: the event itself as a message.
local function dead_letter(fields)
  local event = sqs(fields, notification_of(fields), "dead-letters")
  event.Records[1].messageAttributes = {
    ErrorCode = { stringValue = "200", dataType = "Number" },
    ErrorMessage = { stringValue = "SlowDown", dataType = "String" },
    RequestID = { stringValue = "e4b46cbf-b738-xmpl-8880-a18cdf61200e", dataType = "String" },
  }
  return event
end

-- ---- the list ----------------------------------------------------------------------------------

local bucket = { "string", default = "uploads", filled = true }
local key = { "string", default = "photos/cat.jpg", filled = true }
local region = { "string", default = "us-east-1" }
local time = { "string", default = "1970-01-01T00:00:00.000Z" }
local sequencer = { "string", default = "0A1B2C3D4E5F678901" }

-- What says that an object was created, or deleted; with the fields of `more`.
local function upload_fields(more)
  local fields = {
    bucket = bucket, key = key, region = region, time = time, sequencer = sequencer,
    size = { "integer", default = 1024, min = 0 },
    etag = { "string", default = "d41d8cd98f00b204e9800998ecf8427e" },
    version_id = { "string" }, deleted = { "boolean" },
  }
  for name, rule in pairs(more or {}) do fields[name] = rule end
  return fields
end

local group = { "string", filled = true } -- makes the queue a FIFO queue

local known = {
  {
    name = "s3-put",
    description = "S3 says that an object was created",
    build = put,
    fields = {
      bucket = bucket, key = key, region = region, time = time, sequencer = sequencer,
      size = { "integer", default = 1024, min = 0 },
      etag = { "string", default = "d41d8cd98f00b204e9800998ecf8427e" },
      version_id = { "string" },
    },
  },
  {
    name = "s3-delete",
    description = "S3 says that an object was deleted",
    build = delete,
    fields = {
      bucket = bucket, key = key, region = region, time = time, sequencer = sequencer,
      version_id = { "string" },
    },
  },
  {
    name = "s3-test",
    description = "what S3 sends when a notification is set up",
    build = test,
    fields = { bucket = bucket, time = time },
  },
  {
    name = "direct",
    description = "a bucket and a key, as a person or a Step Function sends them",
    build = direct,
    fields = {
      bucket = bucket, key = key,
      size = { "integer", min = 0 }, etag = { "string" }, version_id = { "string" },
      sequencer = { "string" }, deleted = { "boolean" },
    },
  },
  {
    name = "s3-sqs",
    description = "S3 through an SQS queue",
    build = sqs_from_s3, fields = upload_fields { group = group },
  },
  {
    name = "s3-sns",
    description = "S3 through an SNS topic",
    build = sns, fields = upload_fields(),
  },
  {
    name = "s3-sns-sqs",
    description = "S3 through an SNS topic and an SQS queue; raw: delivered as it is",
    build = sqs_from_sns, fields = upload_fields { group = group, raw = { "boolean" } },
  },
  {
    name = "eventbridge",
    description = "S3 through EventBridge",
    build = event_bridge, fields = upload_fields(),
  },
  {
    name = "eventbridge-sqs",
    description = "S3 through EventBridge and an SQS queue",
    build = sqs_from_event_bridge, fields = upload_fields { group = group },
  },
  {
    name = "pipes",
    description = "S3 through an SQS queue and EventBridge Pipes",
    build = pipe, fields = upload_fields { group = group },
  },
  {
    name = "s3-batch",
    description = "S3 Batch Operations, for objects that were there before",
    build = batch,
    fields = {
      bucket = bucket, key = key, version_id = { "string" },
      schema = { "string", default = "2.0", choices = { "1.0", "2.0" } },
    },
  },
  {
    name = "destination",
    description = "an event that failed too often, as its on-failure destination gets it",
    build = destination, fields = upload_fields(),
  },
  {
    name = "dead-letter",
    description = "an event that failed too often, from the function's dead-letter queue",
    build = dead_letter, fields = upload_fields(),
  },
}
for _, sample in ipairs(http_samples) do known[#known + 1] = sample end

local function find(name)
  local names = {}
  for i, sample in ipairs(known) do
    if sample.name == name then return sample end
    names[i] = sample.name
  end
  return nil, check.unknown("event", tostring(name), names)
end

-- The event, or nil and what is wrong.
function samples.build(name, fields)
  local sample, wrong = find(name)
  if not sample then return nil, wrong end
  wrong = check.complaint(fields, sample.fields)
  if wrong then return nil, wrong end
  local complete = {}
  for field, rule in pairs(sample.fields) do
    complete[field] = fields[field]
    if complete[field] == nil then complete[field] = rule.default end
  end
  return sample.build(complete)
end

-- {name, description, fields = {{name, type, default}, ...}}, fields in alphabetical order.
function samples.list()
  local list = {}
  for i, sample in ipairs(known) do
    local fields = {}
    for field, rule in pairs(sample.fields) do
      fields[#fields + 1] = { name = field, type = rule[1], default = rule.default }
    end
    table.sort(fields, function(a, b) return a.name < b.name end)
    list[i] = { name = sample.name, description = sample.description, fields = fields }
  end
  return list
end

return samples
