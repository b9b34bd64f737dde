-- Every way in which an upload comes, for the tests of handlers: each has to end in the same.
local t = ...

local events = require "events"
local host = require "host"
local json = require "json"

local ways = {}

ways.list = {
  { "s3-put", deleted = "s3-delete" }, { "direct" }, { "s3-sqs" }, { "s3-sqs", group = "g" }, { "s3-sns" },
  { "s3-sns-sqs" }, { "s3-sns-sqs", raw = true }, { "eventbridge" }, { "eventbridge-sqs" }, { "pipes" },
  { "destination" }, { "dead-letter" }, { "s3-batch", schema = "1.0" }, { "s3-batch", schema = "2.0" },
}

--- The event of an upload {bucket=, key=}, or of its deletion. S3 Batch Operations know no deletes:
--- theirs come from S3 itself.
function ways.event(way, upload, is_deleted, sequencer)
  local fields = { bucket = upload.bucket, key = upload.key, group = way.group, raw = way.raw,
    schema = way.schema }
  if way[1] == "s3-batch" and not is_deleted then return events.sample(way[1], fields) end
  fields.sequencer = sequencer
  if way[1] == "s3-put" or way[1] == "s3-batch" then
    fields.schema = nil
    return events.sample(is_deleted and "s3-delete" or "s3-put", fields)
  end
  fields.deleted = is_deleted or nil
  return events.sample(way[1], fields)
end

--- Runs the handler that is loaded; nothing of the event may fail. Returns the answer.
function ways.deliver(event, what)
  local answer, err = host.invoke(json.encode(event))
  if not answer then error(what .. ": " .. tostring(err)) end
  answer = json.decode(answer)
  t.equal(answer.batchItemFailures or {}, {}, what)
  for _, result in ipairs(answer.results or {}) do t.equal(result.resultCode, "Succeeded", what) end
  return answer
end

return ways
