-- What started an invocation: the places of all the uploads that its event carries. recursion.c
-- asks before anything is written there.
--
--   local find = require "lunette.recursion" (event_json)
--   local key, folder = find(bucket, wanted_key)   -- the upload that came from there, or nil
--
-- Apart from `events`, for a handler may read its events by itself, in forms that `events` does not
-- know; and one record that can't be read must not hide the others. What a person or a program
-- sends by hand ({bucket, key}) was not started by a write, nor was a request over HTTP.

local failure = require "failure"
local json = require "json"
local percent = require "lunette.percent"

local depth_max = 8 -- an S3 event in SNS in SQS in a dead-letter queue's message is at 6

local function table_or_empty(value)
  return type(value) == "table" and value or {}
end

local function add(places, bucket, key)
  if type(bucket) ~= "string" or type(key) ~= "string" then return end
  places[bucket] = places[bucket] or {}
  places[bucket][key:match("^.*/") or ""] = key
end

local function from_s3_record(places, record)
  local s3 = table_or_empty(record.s3)
  local key = table_or_empty(s3.object).key
  add(places, table_or_empty(s3.bucket).name, type(key) == "string" and (percent.form_decode(key)))
end

-- EventBridge gives the key as it is.
local function from_event_bridge(places, event)
  local detail = table_or_empty(event.detail)
  add(places, table_or_empty(detail.bucket).name, table_or_empty(detail.object).key)
end

-- S3 Batch Operations: the bucket by its ARN in version 1 of the schema, by its name in 2.
local function from_batch_task(places, batch_task)
  local key, bucket, arn = batch_task.s3Key, batch_task.s3Bucket, batch_task.s3BucketArn
  if type(bucket) ~= "string" then bucket = type(arn) == "string" and arn:match("[^:]*$") end
  add(places, bucket, type(key) == "string" and (percent.form_decode(key)))
end

local visit

local function visit_list(places, list, depth)
  for _, entry in ipairs(table_or_empty(list)) do visit(places, entry, depth) end
end

local function visit_text(places, text, depth)
  if type(text) ~= "string" or not text:find("s3", 1, true) then return end
  local ok, value = pcall(json.decode, text)
  if ok then
    visit(places, value, depth)
  elseif failure.field(value, "code") ~= "bad_json" then
    error(value, 0) -- memory, the deadline: then nothing is known of the text
  end
end

-- `value`: an event, one of its records, or what a message held.
function visit(places, value, depth)
  if type(value) ~= "table" or depth > depth_max then return end
  depth = depth + 1
  local source = value.eventSource or value.EventSource
  if source == "aws:s3" then
    from_s3_record(places, value)
  elseif source == "aws:sqs" then
    visit_text(places, value.body, depth)
  elseif source == "aws:sns" then
    visit_text(places, table_or_empty(value.Sns).Message, depth)
  elseif value.source == "aws.s3" then
    from_event_bridge(places, value)
  elseif value.Type == "Notification" then -- SNS, as SQS delivers it
    visit_text(places, value.Message, depth)
  elseif value.invocationSchemaVersion then
    for _, batch_task in ipairs(table_or_empty(value.tasks)) do
      from_batch_task(places, table_or_empty(batch_task))
    end
  elseif type(value.requestPayload) == "table" then -- of a failed invocation's destination
    visit(places, value.requestPayload, depth)
  elseif type(value.detail) == "table" and value.detail.requestPayload then -- in EventBridge
    visit(places, value.detail, depth)
  elseif value.Records then
    visit_list(places, value.Records, depth)
  else
    visit_list(places, value, depth) -- EventBridge Pipes send bare records
  end
end

return function(event_json)
  local places = {}
  visit_text(places, event_json, 1)
  if next(places) == nil then return false end
  return function(bucket, wanted_key)
    for folder, key in pairs(places[bucket] or {}) do
      if wanted_key:sub(1, #folder) == folder then return key, folder end
    end
  end
end
