-- What a source is told when all entries of a delivery (events_sources.lua) came to an end, each
-- with a `record` or an `error`. No I/O. For events.lua.

local failure = require "failure"
local failures = require "lunette.events_failures"
local json = require "json"

local events_answers = {}

local failures_shown = 5
local result_bytes_max = 512 -- of one task, in the completion report of S3 Batch Operations

-- ---- texts -------------------------------------------------------------------------------------

-- What JSON can hold, and a report shows.
local function plain(text, bytes_max)
  if not utf8.len(text) then text = text:gsub("[\x80-\xFF]", "?") end
  if #text <= bytes_max then return text end
  local cut = text:sub(1, bytes_max)
  return utf8.len(cut) and cut or (cut:gsub("[\xC0-\xFF][\x80-\xBF]*$", ""))
end

local function place_of(entry)
  local upload = entry.upload
  return upload and ("%s/%s"):format(upload.bucket, upload.key) or entry.path
end

-- "uploads/a.jpg: SlowDown: ..."; what could not be read names its own place.
local function line_of(entry)
  local reason = tostring(entry.error):match("^[^\n]*")
  return entry.upload and ("%s: %s"):format(place_of(entry), reason) or reason
end

-- ---- failures ----------------------------------------------------------------------------------

local function failed_entries(delivery)
  local failed = {}
  for _, entry in ipairs(delivery.entries) do
    if entry.error then failed[#failed + 1] = entry end
  end
  return failed
end

-- One failure as it is; several as one that names them. The event is delivered again, and what was
-- done is then found unchanged.
local function raise(failed, total)
  local first = failed[1].error
  if #failed == 1 then error(first, 0) end
  local lines = {}
  for i = 1, math.min(#failed, failures_shown) do lines[i] = line_of(failed[i]) end
  if #failed > failures_shown then
    lines[#lines + 1] = ("and %d more, in the log"):format(#failed - failures_shown)
  end
  failure.raise {
    code = failure.field(first, "code") or "lua",
    message = ("%d of %d records failed: %s"):format(#failed, total, table.concat(lines, "; ")),
    retryable = true,
    traceback = failure.field(first, "traceback"),
  }
end

-- ---- the forms ---------------------------------------------------------------------------------

local function records(delivery)
  local failed, list = failed_entries(delivery), json.array {}
  if #failed > 0 then raise(failed, #delivery.entries) end
  for i, entry in ipairs(delivery.entries) do list[i] = entry.record end
  return { records = list }
end

-- The messages that failed, each once; nil when one failed that can't be named.
local function failed_ids(failed)
  local ids, seen = json.array {}, {}
  for _, entry in ipairs(failed) do
    local message = entry.message
    if not message or type(message.id) ~= "string" or message.id == "" then return nil end
    if not seen[message] then
      seen[message] = true
      ids[#ids + 1] = { itemIdentifier = message.id }
    end
  end
  return ids
end

-- When nothing succeeded it is an error: it means the same to SQS, shows in the function's metrics,
-- and loses no message of a queue that was set up without ReportBatchItemFailures.
local function messages(delivery)
  local failed = failed_entries(delivery)
  local ids = failed_ids(failed)
  if not ids or #ids > 0 and #ids == #delivery.messages then raise(failed, #delivery.entries) end
  return { batchItemFailures = ids }
end

local function task_result(entry)
  local err = entry.error
  if err then
    local code = failures.passes(err) and "TemporaryFailure" or "PermanentFailure"
    return code, tostring(err):match("^[^\n]*")
  end
  local record = entry.record
  if record.status == "rejected" then
    return "PermanentFailure", ("%s: %s"):format(record.code or "rejected", record.reason or "")
  end
  return "Succeeded", tostring(record.status)
end

local function tasks(delivery, event)
  local results = json.array {}
  for i, entry in ipairs(delivery.entries) do
    if type(entry.task.id) ~= "string" then
      failure.raise { code = "bad_event", message = entry.path .. ".taskId is not a string" }
    end
    local code, text = task_result(entry)
    results[i] = { taskId = entry.task.id, resultCode = code,
      resultString = plain(text, result_bytes_max) }
  end
  return {
    invocationSchemaVersion = event.invocationSchemaVersion,
    invocationId = event.invocationId,
    treatMissingKeysAs = "PermanentFailure",
    results = results,
  }
end

local forms = { records = records, messages = messages, tasks = tasks }

-- The answer, or raises what failed where the source has no words for it.
function events_answers.of(delivery, event)
  return forms[delivery.form](delivery, event)
end

return events_answers
