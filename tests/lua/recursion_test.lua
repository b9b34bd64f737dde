-- The guard against functions that start themselves: what an event came from, and what is refused.
local t = ...
local events = require "events"
local find_in = require "lunette.recursion"
local host = require "host"
local json = require "json"
local s3 = require "s3"
local store = require "store"

for _, bucket in ipairs { "uploads", "images" } do store.declare_bucket(bucket) end

-- ---- what started it ---------------------------------------------------------------------------

local function put(key, bucket)
  return events.sample("s3-put", { bucket = bucket or "uploads", key = key })
end

local function bridge(key)
  return { source = "aws.s3", ["detail-type"] = "Object Created",
    detail = { bucket = { name = "uploads" }, object = { key = key } } }
end

local function sns(message)
  return { Records = { { EventSource = "aws:sns", Sns = { Message = json.encode(message) } } } }
end

local function sqs(...)
  local records = {}
  for i, message in ipairs { ... } do
    records[i] = { eventSource = "aws:sqs", body = json.encode(message) }
  end
  return { Records = records }
end

local function notification(message)
  return { Type = "Notification", Message = json.encode(message) }
end

local function joined(...)
  local all = { Records = {} }
  for _, event in ipairs { ... } do table.insert(all.Records, event.Records[1]) end
  return all
end

local function nested(levels, event)
  for _ = 1, levels do event = sqs(event) end
  return event
end

-- {event, bucket, key, the upload's key or false}
local cases = {
  ["S3"] = { put "a/cat.jpg", "uploads", "a/out.webp", "a/cat.jpg" },
  ["a folder below"] = { put "a/cat.jpg", "uploads", "a/b/out.webp", "a/cat.jpg" },
  ["the object itself"] = { put "a/cat.jpg", "uploads", "a/cat.jpg", "a/cat.jpg" },
  ["another folder"] = { put "a/cat.jpg", "uploads", "b/out.webp", false },
  ["a folder above"] = { put "a/b/cat.jpg", "uploads", "a/out.webp", false },
  ["a folder whose name is longer"] = { put "a/cat.jpg", "uploads", "ab/out.webp", false },
  ["another bucket"] = { put "a/cat.jpg", "images", "a/out.webp", false },
  ["at the root, the whole bucket"] = { put "cat.jpg", "uploads", "x/y", "cat.jpg" },
  ["a key with odd bytes"] = { put "ä +%2F/%41.jpg", "uploads", "ä +%2F/x", "ä +%2F/%41.jpg" },
  ["no pattern in a folder"] = { put "a.c/cat.jpg", "uploads", "abc/x", false },
  ["double slashes"] = { put "a//cat.jpg", "uploads", "a/x", false },
  ["a folder's own marker"] = { put "a/b/", "uploads", "a/b/x", "a/b/" },
  ["a delete"] = { events.sample("s3-delete", { bucket = "uploads", key = "a/cat.jpg" }),
    "uploads", "a/x", "a/cat.jpg" },
  ["the second record"] = { joined(put "a/1", put "b/2"), "uploads", "b/x", "b/2" },
  ["behind a record that can't be read"] = {
    { Records = { { eventSource = "aws:s3", s3 = 5 }, put "a/1".Records[1] } },
    "uploads", "a/x", "a/1" },
  ["SQS"] = { sqs(put "a/1", put "b/2"), "uploads", "b/x", "b/2" },
  ["SQS with a message that is none"] = { { Records = { { eventSource = "aws:sqs", body = "{s3" },
    sqs(put "a/1").Records[1] } }, "uploads", "a/x", "a/1" },
  ["SNS"] = { sns(put "a/1"), "uploads", "a/x", "a/1" },
  ["SNS in SQS"] = { sqs(notification(put "a/1")), "uploads", "a/x", "a/1" },
  ["SNS in SQS, raw"] = { sqs(put "a/1"), "uploads", "a/x", "a/1" },
  ["EventBridge gives keys as they are"] = { bridge "a+b%20c/1", "uploads", "a+b%20c/x",
    "a+b%20c/1" },
  ["EventBridge in SQS"] = { sqs(bridge "a/1"), "uploads", "a/x", "a/1" },
  ["EventBridge Pipes"] = { sqs(put "a/1").Records, "uploads", "a/x", "a/1" },
  ["S3 Batch, by ARN"] = { { invocationSchemaVersion = "1.0", tasks = {
    { s3Key = "a+b/1", s3BucketArn = "arn:aws:s3:::uploads" } } }, "uploads", "a b/x", "a b/1" },
  ["S3 Batch, by name"] = { { invocationSchemaVersion = "2.0", tasks = {
    { s3Key = "a%2Bb/1", s3Bucket = "uploads" } } }, "uploads", "a+b/x", "a+b/1" },
  ["a failed invocation's destination"] = { { version = "1.0", requestPayload = put "a/1" },
    "uploads", "a/x", "a/1" },
  ["a dead-letter queue of a destination"] = { sqs { version = "1.0", requestPayload = sqs(put "a/1") },
    "uploads", "a/x", "a/1" },
  ["nested, but not without end"] = { nested(12, put "a/1"), "uploads", "a/x", false },
  ["a test event"] = { events.sample("s3-test", { bucket = "uploads" }), "uploads", "x", false },
  ["sent by hand"] = { { bucket = "uploads", key = "a/1" }, "uploads", "a/x", false },
  ["a request whose body looks like an event"] = { { version = "2.0", rawPath = "/s3",
    requestContext = { http = { method = "POST" } }, body = json.encode(put "a/1") },
    "uploads", "a/x", false },
  ["nothing"] = { {}, "uploads", "a/x", false },
  ["no object"] = { "s3", "uploads", "a/x", false },
}

t.test("what an event came from", function()
  for name, case in pairs(cases) do
    local event, bucket, key, wanted = table.unpack(case)
    local find = find_in(json.encode(event))
    local upload = find and find(bucket, key) or false
    t.equal(upload, wanted, name)
  end
end)

-- ---- what is refused ---------------------------------------------------------------------------

local folder = t.folder()

--- Runs the text as a handler's body on `event`; its result, or nil and the error.
local function invoke(body, event)
  local path = folder .. "/handler.lua"
  local file = assert(io.open(path, "wb"))
  file:write('local s3, task, manifest = require "s3", require "task", require "manifest"\n'
    .. "return function(event, context) " .. body .. " end")
  file:close()
  assert(host.load_handler(path))
  local result, err = host.invoke(json.encode(event))
  if not result then return nil, err end
  return json.decode(result)
end

local to_uploads = 's3.put { bucket = "uploads", key = "a/out", body = "x" }'

t.test("a put where the event came from is refused before anything is sent", function()
  s3.delete { bucket = "uploads", key = "a/out" }
  local _, err = invoke(to_uploads, put "a/cat.jpg")
  t.equal({ err.code, err.retryable }, { "recursion", false })
  for _, part in ipairs { "uploads/a/out would", "(uploads/a/cat.jpg)", "below uploads/a/ may",
    "allow_recursion = true" } do
    t.ok(err.message:find(part, 1, true), err.message)
  end
  t.ok(err.where:find("handler.lua:2", 1, true), err.where)
  t.equal(s3.find { bucket = "uploads", key = "a/out" }, nil)
end)

t.test("so is whatever creates an object, wherever in the handler", function()
  s3.put { bucket = "images", key = "x", body = "x" }
  local creating = {
    's3.copy { bucket = "uploads", key = "a/y", source_bucket = "images", source_key = "x" }',
    'manifest.update { bucket = "uploads", key = "a/images.json", entry = { name = "n" } }',
    "task.map({ 1, 2 }, function() " .. to_uploads .. " end)",
    "task.all { function() task.sleep(1) " .. to_uploads .. " end }",
    "coroutine.wrap(function() " .. to_uploads .. " end)()",
    "event.Records[1].s3.object.key = 'elsewhere/x'; " .. to_uploads,
    "event.Records = nil; collectgarbage() " .. to_uploads,
  }
  for _, body in ipairs(creating) do
    local _, err = invoke(body, put "a/cat.jpg")
    t.equal(err and err.code, "recursion", body)
  end
end)

t.test("what was allowed, goes elsewhere or creates nothing is not", function()
  local harmless = {
    's3.put { bucket = "uploads", key = "a/out", body = "x", allow_recursion = true }',
    's3.copy { bucket = "uploads", key = "a/y", source_key = "a/out", allow_recursion = true }',
    'manifest.update { bucket = "uploads", key = "a/images.json", entry = { name = "n" }, '
      .. "allow_recursion = true }",
    'manifest.remove { bucket = "uploads", key = "a/images.json", name = "n", '
      .. "allow_recursion = true }",
    's3.put { bucket = "images", key = "a/out", body = "x" }',
    's3.put { bucket = "uploads", key = "b/out", body = "x" }',
    's3.copy { bucket = "images", key = "a/y", source_bucket = "uploads", source_key = "a/out" }',
    's3.get { bucket = "uploads", key = "a/out" }',
    's3.delete { bucket = "uploads", key = "a/y" }',
    's3.delete_all { bucket = "uploads", keys = { "a/out" } }',
  }
  for _, body in ipairs(harmless) do
    local _, err = invoke(body .. " return 1", put "a/cat.jpg")
    t.equal(err and tostring(err), nil, body)
  end
end)

t.test("the next invocation has its own event, and none is none", function()
  local _, err = invoke(to_uploads, put "a/cat.jpg")
  t.equal(err.code, "recursion")
  t.equal(invoke(to_uploads .. " return 1", put "b/cat.jpg"), 1)
  t.equal(invoke(to_uploads .. " return 1", { rawPath = "/" }), 1)
  _, err = invoke(to_uploads, sqs(bridge "a/cat.jpg"))
  t.equal(err.code, "recursion")
  t.ok(s3.put { bucket = "uploads", key = "a/out", body = "x" })
end)

t.test("a wrong type is named", function()
  t.raises("field 'allow_recursion' is a string, expected a boolean", s3.put,
    { bucket = "uploads", key = "k", body = "x", allow_recursion = "yes" })
end)
