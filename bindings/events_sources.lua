-- The uploads in an event, whatever brought it: S3 itself, or S3 through SNS, SQS, EventBridge or
-- Pipes, in a dead letter, or in S3 Batch Operations. No I/O. For events.lua.
--
--   local delivery = sources.read(event)
--   delivery.form      "records", "messages" (of SQS, which wants to know those that failed), or
--                      "tasks" (of S3 Batch Operations, which wants to know of each)
--   delivery.entries   in the event's order: {index, path, upload} or, for what can't be read,
--                      {index, path, error}; and `message` {id}, `task` {id}, `lane`
--                      where there is one
--   delivery.messages  {id} each; a message may hold several entries, or none
--   entry.lane         what has the same lane must be worked on in this order, and not at all after
--                      a failure: messages of one group of a FIFO queue
--
-- What can't be read is an entry, so that it never hides the others. Only an event that is unknown
-- as a whole raises `bad_event`.
--
-- What is recognised here has to be recognised in recursion.lua, too.

local events_upload = require "lunette.events_upload"
local failure = require "failure"
local json = require "json"
local percent = require "lunette.percent"

local sources = {}

local depth_max = 8 -- an S3 record in SNS in SQS in a dead letter in SQS is at 7 or 8

local function bad_event(format, ...)
  failure.raise { code = "bad_event", message = format:format(...), retryable = false }
end

-- ---- fields ------------------------------------------------------------------------------------

-- "Records[1]" .. ".s3" -> "Records[1].s3"; at the event's own level "s3".
local function below(path, part)
  if path == "" then return (part:gsub("^%.", "")) end
  return path .. part
end

local function required_text(value, path)
  if type(value) ~= "string" or value == "" then
    bad_event("%s is not a non-empty string", path)
  end
  return value
end

local function table_at(parent, name, path)
  local value = parent[name]
  if type(value) ~= "table" then bad_event("%s is not an object", below(path, "." .. name)) end
  return value
end

-- The keys of S3 are UTF-8, and so is the JSON that names them in the answer.
local function required_key(value, path)
  local key = required_text(value, path)
  if not utf8.len(key) then bad_event("%s is not UTF-8, as keys are", path) end
  return key
end

local function form_encoded_key(value, path)
  local key, bad_escape = percent.form_decode(required_text(value, path))
  if bad_escape then
    bad_event("%s has '%s' in it; a key comes form-encoded, a byte as %%XX", path, bad_escape)
  end
  return required_key(key, path)
end

local function open_json(text, path)
  if type(text) ~= "string" then bad_event("%s is not a string", path) end
  local ok, value = pcall(json.decode, text)
  if ok then return value end
  if failure.field(value, "code") ~= "bad_json" then error(value, 0) end
  bad_event("%s is no JSON: %s", path, value.message)
end

-- ---- what is found -----------------------------------------------------------------------------

-- `at`: the place in the event (path, depth), and what all that is found below it inherits.
local function inside(at, part)
  return { path = below(at.path, part), depth = at.depth + 1, via = at.via, message = at.message,
    task = at.task, lane = at.lane }
end

local function add(found, at, entry)
  entry.index, entry.path = #found.entries + 1, at.path
  entry.message, entry.task, entry.lane = at.message, at.task, at.lane
  found.entries[entry.index] = entry
end

local function add_upload(found, at, said)
  said.via = at.via
  add(found, at, { upload = events_upload.new(said) })
end

-- What can't be read below `at` becomes an entry; memory or time that ran out is no record's fault.
local function attempt(visitor, found, value, at)
  local ok, err = pcall(visitor, found, value, at)
  if ok then return end
  if failure.field(err, "code") ~= "bad_event" then error(err, 0) end
  add(found, at, { error = err })
end

-- ---- the sources -------------------------------------------------------------------------------

local visit

local function visit_list(found, list, at, part)
  if not json.is_array(list) and next(list) ~= nil then
    bad_event("%s is not an array", below(at.path, part))
  end
  for i, value in ipairs(list) do
    local inner = inside(at, ("%s[%d]"):format(part, i))
    attempt(visit, found, value, inner)
  end
end

-- "ObjectRemoved:Delete" -> "deleted". Restores, tags, ACLs, transitions and the like are "other".
local function kind_of(event_name)
  local family = event_name:match("^[^:]*")
  if family == "ObjectCreated" or family == "Object Created" then return "created" end
  if family == "ObjectRemoved" or family == "LifecycleExpiration" or family == "Object Deleted" then
    return "deleted"
  end
  return "other"
end

local function visit_s3_record(found, record, at)
  local path = at.path
  local version = tostring(record.eventVersion)
  if version:match("^%d+") ~= "2" then
    bad_event("%s is '%s'; only version 2 is known", below(path, ".eventVersion"), version)
  end
  local s3 = table_at(record, "s3", path)
  path = below(path, ".s3")
  local bucket, object = table_at(s3, "bucket", path), table_at(s3, "object", path)
  local name = required_text(record.eventName, below(at.path, ".eventName")):gsub("^s3:", "")
  add_upload(found, at, {
    kind = kind_of(name),
    event = name,
    bucket = required_text(bucket.name, path .. ".bucket.name"),
    key = form_encoded_key(object.key, path .. ".object.key"),
    size = object.size,
    etag = object.eTag,
    version_id = object.versionId,
    sequencer = object.sequencer,
    time = record.eventTime,
    region = record.awsRegion,
  })
end

-- EventBridge gives keys as they are, without encoding.
local function visit_event_bridge(found, event, at)
  local name = required_text(event["detail-type"], below(at.path, ".detail-type"))
  if not name:find("^Object ") then
    bad_event("%s is '%s', which is not said of an object", below(at.path, ".detail-type"), name)
  end
  local detail = table_at(event, "detail", at.path)
  local path = below(at.path, ".detail")
  local bucket, object = table_at(detail, "bucket", path), table_at(detail, "object", path)
  add_upload(found, at, {
    kind = kind_of(name),
    event = name,
    bucket = required_text(bucket.name, path .. ".bucket.name"),
    key = required_key(object.key, path .. ".object.key"),
    size = object.size,
    etag = object.etag,
    version_id = object["version-id"],
    sequencer = object.sequencer,
    time = event.time,
    region = event.region,
  })
end

local function visit_direct(found, event, at)
  local deleted = event.deleted
  if deleted == json.null then deleted = nil end
  if deleted ~= nil and type(deleted) ~= "boolean" then
    bad_event("%s is neither true nor false", below(at.path, ".deleted"))
  end
  add_upload(found, at, {
    kind = deleted and "deleted" or "created",
    event = deleted and "Deleted" or "Created",
    bucket = required_text(event.bucket, below(at.path, ".bucket")),
    key = required_key(event.key, below(at.path, ".key")),
    size = event.size,
    etag = event.etag,
    version_id = event.version_id,
    sequencer = event.sequencer,
    time = event.time,
    region = event.region,
  })
end

-- Standard queues may have message groups, too: only in a FIFO queue are they an order.
local function lane_of(record)
  local queue = record.eventSourceARN
  local attributes = type(record.attributes) == "table" and record.attributes or {}
  local group = attributes.MessageGroupId
  local is_fifo = type(queue) == "string" and queue:find("%.fifo$") and type(group) == "string"
  return is_fifo and queue .. " " .. group or nil
end

local function visit_body(found, record, at)
  visit(found, open_json(record.body, at.path), at)
end

-- SQS wants to know of the messages that it sent itself, not of those that lie in a dead letter.
local function visit_sqs_record(found, record, at)
  local body = inside(at, ".body")
  if at.depth <= 2 then
    body.message, body.lane = { id = record.messageId }, lane_of(record)
    table.insert(found.messages, body.message)
    found.form = "messages"
  end
  attempt(visit_body, found, record, body)
end

local function visit_sns_record(found, record, at)
  local message = table_at(record, "Sns", at.path).Message
  local inner = inside(at, ".Sns.Message")
  visit(found, open_json(message, inner.path), inner)
end

local function visit_notification(found, envelope, at)
  local inner = inside(at, ".Message")
  visit(found, open_json(envelope.Message, inner.path), inner)
end

-- S3 Batch Operations: the bucket by its ARN in version 1 of the schema, by its name in 2.
local function visit_task(found, task, at)
  if type(task) ~= "table" then bad_event("%s is not an object", at.path) end
  local bucket, path = task.s3Bucket, below(at.path, ".s3Bucket")
  if bucket == nil or bucket == json.null then
    path = below(at.path, ".s3BucketArn")
    bucket = required_text(task.s3BucketArn, path):match("[^:]*$")
  end
  add_upload(found, at, {
    kind = "created",
    event = "BatchOperation",
    bucket = required_text(bucket, path),
    key = form_encoded_key(task.s3Key, below(at.path, ".s3Key")),
    version_id = task.s3VersionId,
  })
end

local function visit_batch_job(found, job, at)
  local version = tostring(job.invocationSchemaVersion)
  if not version:find("^[12]%.") then
    bad_event("%s is '%s'; 1 and 2 are known", below(at.path, ".invocationSchemaVersion"), version)
  end
  local is_answered = at.depth == 1
  for i, task in ipairs(table_at(job, "tasks", at.path)) do
    local inner = inside(at, (".tasks[%d]"):format(i))
    if is_answered then inner.task = { id = type(task) == "table" and task.taskId or nil } end
    attempt(visit_task, found, task, inner)
  end
  if is_answered then found.form = "tasks" end
end

-- In this order.
local known = {
  {
    name = "S3 test event", via = "s3",
    matches = function(value) return value.Event == "s3:TestEvent" end,
    visit = function() end,
  },
  {
    name = "Records",
    matches = function(value) return type(value.Records) == "table" end,
    visit = function(found, event, at) visit_list(found, event.Records, at, ".Records") end,
  },
  {
    name = "S3 record", via = "s3",
    matches = function(value) return value.eventSource == "aws:s3" end,
    visit = visit_s3_record,
  },
  {
    name = "SQS record", via = "sqs",
    matches = function(value) return value.eventSource == "aws:sqs" end,
    visit = visit_sqs_record,
  },
  {
    name = "SNS record", via = "sns",
    matches = function(value) return value.EventSource == "aws:sns" end,
    visit = visit_sns_record,
  },
  {
    name = "SNS notification", via = "sns",
    matches = function(value) return value.Type == "Notification" end,
    visit = visit_notification,
  },
  {
    name = "EventBridge event of S3", via = "eventbridge",
    matches = function(value) return value.source == "aws.s3" end,
    visit = visit_event_bridge,
  },
  {
    name = "S3 Batch job (tasks)", via = "batch",
    matches = function(value) return value.invocationSchemaVersion ~= nil end,
    visit = visit_batch_job,
  },
  {
    name = "destination record (requestPayload)", via = "destination",
    matches = function(value) return value.requestPayload ~= nil end,
    visit = function(found, record, at)
      visit(found, record.requestPayload, inside(at, ".requestPayload"))
    end,
  },
  {
    name = "destination record in EventBridge", via = "destination",
    matches = function(value)
      return type(value.detail) == "table" and value.detail.requestPayload ~= nil
    end,
    visit = function(found, event, at) visit(found, event.detail, inside(at, ".detail")) end,
  },
  {
    name = "direct ({bucket, key})", via = "direct",
    matches = function(value) return value.bucket ~= nil and value.key ~= nil end,
    visit = visit_direct,
  },
  {
    name = "array of these", -- of EventBridge Pipes, or of a state machine
    matches = function(value) return json.is_array(value) end,
    visit = function(found, list, at) visit_list(found, list, at, "") end,
  },
}

-- What an unknown event looks like, in a few words. Names only: values may be anybody's data.
local function describe(value)
  if type(value) ~= "table" then
    return value == json.null and "null" or "a " .. type(value)
  end
  local source = value.eventSource or value.EventSource
  if type(source) == "string" then return ("a record of %s"):format(source) end
  local names = {}
  for name in pairs(value) do names[#names + 1] = tostring(name) end
  table.sort(names)
  local shown = table.concat(names, ", ", 1, math.min(#names, 8))
  return #names == 0 and "an empty object" or "an object with " .. shown
end

local function unknown(value, path)
  local names = {}
  for i, source in ipairs(known) do names[i] = source.name end
  bad_event("%snot an event that is known: %s; known are: %s", path == "" and "" or path .. " is ",
    describe(value), table.concat(names, ", "))
end

-- `value`: an event, one of its records, or what a message held.
function visit(found, value, at)
  if at.depth > depth_max then
    bad_event("%s lies deeper than %d levels, which is as deep as is looked", at.path, depth_max)
  end
  if type(value) ~= "table" then unknown(value, at.path) end
  for _, source in ipairs(known) do
    if source.matches(value) then
      at.via = at.via or source.via
      return source.visit(found, value, at)
    end
  end
  unknown(value, at.path)
end

function sources.read(event)
  local found = { form = "records", entries = {}, messages = {} }
  visit(found, event, { path = "", depth = 1 })
  return found
end

return sources
