-- Every way in which an upload or a request arrives, made into one shape; and the function that
-- runs a script's rules on each of them.
--
-- Called by handlers (events.handler), by `lunette process` and `lunette event` (events.sample).
-- The public contract is bindings/api/events.lua. What reads and answers events decides without I/O
-- and stands in files of its own; here is what runs.

local check = require "lunette.check"
local answers = require "lunette.events_answers"
local failure = require "failure"
local failures = require "lunette.events_failures"
local log = require "log"
local metrics = require "metrics"
local requests = require "lunette.events_requests"
local routes = require "lunette.events_routes"
local samples = require "lunette.event_samples"
local sources = require "lunette.events_sources"
local task = require "task"

local events = {}

function events.uploads(event)
  local uploads = {}
  for i, entry in ipairs(sources.read(event).entries) do
    if entry.error then error(entry.error, 0) end
    uploads[i] = entry.upload
  end
  return uploads
end

-- ---- failures ----------------------------------------------------------------------------------

function events.permanent(err)
  return failures.is_permanent(err)
end

local reject_fields = { status = { "integer", default = 400, min = 400, max = 499 } }

function events.reject(reason, options)
  if type(reason) ~= "string" then
    error("bad argument #1 to 'reject' (string expected, got " .. type(reason) .. ")", 2)
  end
  if options ~= nil then
    local wrong = type(options) ~= "table" and "a table of named fields expected"
        or check.complaint(options, reject_fields)
    if wrong then check.complain(2, "reject", wrong) end
  end
  failure.raise { code = "rejected", message = reason, retryable = false,
    status = options and options.status }
end

-- ---- one upload --------------------------------------------------------------------------------

local function record_of(upload, status, more)
  local record = {}
  for name, value in pairs(more or {}) do record[name] = value end
  record.bucket, record.key, record.kind = upload.bucket, upload.key, upload.kind
  record.status = record.status or status
  return record
end

local function called(rule, ...)
  local result = rule(...)
  if result ~= nil and type(result) ~= "table" then
    error(("the rule returned a %s; it should return a table or nothing"):format(type(result)), 0)
  end
  return result
end

local function is_folder_marker(upload)
  return upload.key:sub(-1) == "/" and (upload.size or 0) == 0
end

local function reject(rules, upload, err, context)
  log.warn("rejected", { bucket = upload.bucket, key = upload.key, code = err.code,
    reason = err.message })
  local more = rules.rejected and called(rules.rejected, upload, err, context)
  local record = record_of(upload, "rejected", more)
  record.code, record.reason = err.code, err.message
  return record
end

local function run_one(rules, upload, context)
  local rule = rules[upload.kind]
  if not rule or is_folder_marker(upload) then
    return record_of(upload, "ignored", { event = upload.event })
  end
  local ok, result = xpcall(called, failure.with_traceback, rule, upload, context)
  if ok then
    return record_of(upload, upload.kind == "deleted" and "deleted" or "done", result)
  end
  if not failures.is_permanent(result) then error(result, 0) end
  return reject(rules, upload, result, context)
end

-- ---- all uploads of an event -------------------------------------------------------------------

-- By the sequencer where every entry has one; else as they came, for some can't be compared.
local function in_order(lane)
  for _, entry in ipairs(lane) do
    if entry.lane or not entry.upload.sequencer then return end
  end
  table.sort(lane, function(a, b)
    local x, y = a.upload.sequencer, b.upload.sequencer
    if x ~= y then return x < y end
    return a.index < b.index
  end)
end

-- Uploads of one object, and messages of one FIFO group, are worked on one after the other, in
-- their order; lanes side by side. What could not be read keeps its place in its group.
local function lanes_of(entries)
  local lanes, by_id = {}, {}
  for _, entry in ipairs(entries) do
    local upload = entry.upload
    local id = entry.lane or upload and upload.bucket .. "/" .. upload.key
    if id and not by_id[id] then
      by_id[id] = {}
      lanes[#lanes + 1] = by_id[id]
    end
    if id then table.insert(by_id[id], entry) end
  end
  for _, lane in ipairs(lanes) do in_order(lane) end
  return lanes
end

-- Says of every record that failed which one it was; what is raised in the end is only one error.
local function note_failure(entry)
  local upload, err = entry.upload or {}, entry.error
  metrics.count "failed"
  log.error("failed", { place = entry.path, bucket = upload.bucket, key = upload.key,
    code = failure.field(err, "code"), reason = tostring(err) })
end

local function failure_of(code, message)
  local _, err = pcall(failure.raise, { code = code, message = message, retryable = true })
  return err
end

-- Fills in entry.record or entry.error.
local function run_entry(rules, entry, is_blocked, context)
  if is_blocked then
    entry.error = failure_of("skipped", "not tried: an earlier message of its group failed")
  elseif task.remaining_ms() <= 0 then
    entry.error = failure_of("deadline", "not tried: the invocation's time was up")
  else
    local ok, result = pcall(run_one, rules, entry.upload, context)
    if ok then
      metrics.count(result.status)
      entry.record = result
      return
    end
    entry.error = result
  end
  note_failure(entry)
end

local function run_lane(rules, lane, context)
  local is_blocked = false
  for _, entry in ipairs(lane) do
    if not entry.error then run_entry(rules, entry, is_blocked, context) end
    is_blocked = is_blocked or entry.lane ~= nil and entry.error ~= nil
  end
end

local function run_uploads(rules, event, context)
  local delivery = sources.read(event)
  for _, entry in ipairs(delivery.entries) do
    if entry.error then note_failure(entry) end
  end
  task.map(lanes_of(delivery.entries), function(lane) run_lane(rules, lane, context) end,
    { concurrency = rules.concurrency })
  return answers.of(delivery, event)
end

-- ---- one request -------------------------------------------------------------------------------

local function refusal(status, message, context, headers)
  return { status = status, headers = headers, body = { message = message,
    request_id = context.request_id } }
end

-- Whoever asked is told what is theirs to mend; the rest is for the log.
local function failure_answer(err, request, context)
  local status, is_public = failures.status(err)
  local write = status >= 500 and log.error or log.warn
  write("request failed", { method = request.method, path = request.path, status = status,
    code = failure.field(err, "code"), reason = tostring(err),
    traceback = status >= 500 and failure.field(err, "traceback") or nil })
  local message = is_public and err.message or requests.reason(status)
  if not utf8.len(message) then message = requests.reason(status) end
  return refusal(status, message, context)
end

local function routed(router, request, context)
  local rule, found = router(request.method, request.raw_path)
  if not rule and found then
    return refusal(405, requests.reason(405), context, { allow = found })
  end
  if not rule then return refusal(404, requests.reason(404), context) end
  for name, value in pairs(found) do request.parameters[name] = value end
  return called(rule, request, context) or {}
end

local function run_request(router, event, form, context)
  local request = { method = "?", path = "?" }
  local function answer()
    request = requests.read(event, form)
    return requests.answer(routed(router, request, context), form, request.method)
  end
  local ok, result = xpcall(answer, failure.with_traceback)
  if not ok then
    result = requests.answer(failure_answer(result, request, context), form, request.method)
  end
  metrics.count(("answered %dxx"):format(result.statusCode // 100))
  return result
end

-- ---- the handler -------------------------------------------------------------------------------

-- For whoever looks at the line of metrics. Metrics must not be what brings an invocation down.
local function note_invocation(context)
  if type(context) ~= "table" then return end
  metrics.property("request_id", context.request_id)
  metrics.property("xray_trace_id", context.trace_id and context.trace_id:match "Root=([^;]+)")
  if context.cold_start then metrics.count "cold_start" end
end

local rules_fields = {
  created = { "callable" },
  deleted = { "callable" },
  other = { "callable" },
  rejected = { "callable" },
  request = { "any" },
  concurrency = { "integer", default = 8, min = 1, max = 1000 },
}

function events.handler(rules)
  rules = check.options("handler", rules, rules_fields)
  local router, wrong = routes.compile(rules.request)
  if not router then
    check.complain(1, "handler", ("field 'request' %s"):format(wrong))
  end
  return function(event, context)
    note_invocation(context)
    local form = requests.form_of(event)
    if form then
      local answer = run_request(router, event, form, context)
      metrics.flush()
      return answer
    end
    local ok, answer = xpcall(run_uploads, failure.with_traceback, rules, event, context)
    metrics.flush()
    if not ok then error(answer, 0) end
    return answer
  end
end

-- ---- samples -----------------------------------------------------------------------------------

function events.sample(name, fields)
  local event, wrong = samples.build(name, fields or {})
  if not event then error(("bad argument to 'sample' (%s)"):format(wrong), 2) end
  return event
end

function events.samples()
  return samples.list()
end

return events
