-- Every way an upload arrives (tests/events/NAME.json): what is read from it, what its sender is told, and
-- that nothing broken hides what is not.
local t = ...

local logged = t.helper "logged"

local events = require "events"
local failure = require "failure"
local json = require "json"

local bucket, key = "uploads", "2026/a+b c/ü%.jpg"
local task_id = "dGFza2lkZ29lc2hlcmUK"

local function fixture(name)
  return json.decode(t.read("tests/events/" .. name .. ".json"))
end

-- {via, what is asked for, form of the answer}
local ways = {
  ["s3"] = { "s3", "created", "records" },
  ["s3-delete"] = { "s3", "deleted", "records" },
  ["s3-test"] = { false, false, "records" },
  ["s3-test-sqs"] = { false, false, "messages" },
  ["s3-test-sns-sqs"] = { false, false, "messages" },
  ["s3-sqs"] = { "sqs", "created", "messages" },
  ["s3-sqs-delete"] = { "sqs", "deleted", "messages" },
  ["s3-sns"] = { "sns", "created", "records" },
  ["s3-sns-delete"] = { "sns", "deleted", "records" },
  ["s3-sns-sqs"] = { "sqs", "created", "messages" },
  ["s3-sns-sqs-raw"] = { "sqs", "created", "messages" },
  ["s3-sns-sqs-fifo"] = { "sqs", "created", "messages" },
  ["eventbridge"] = { "eventbridge", "created", "records" },
  ["eventbridge-delete"] = { "eventbridge", "deleted", "records" },
  ["eventbridge-sqs"] = { "sqs", "created", "messages" },
  ["eventbridge-sqs-fifo"] = { "sqs", "created", "messages" },
  ["eventbridge-sns"] = { "sns", "created", "records" },
  ["pipes"] = { "sqs", "created", "messages" },
  ["batch-1"] = { "batch", "created", "tasks" },
  ["batch-2"] = { "batch", "created", "tasks" },
  ["direct"] = { "direct", "created", "records" },
  ["direct-delete"] = { "direct", "deleted", "records" },
  ["state-machine"] = { "direct", "created", "records" },
  ["destination"] = { "destination", "created", "records" },
  ["destination-sns"] = { "sns", "created", "records" },
  ["destination-sqs"] = { "sqs", "created", "messages" },
  ["destination-eventbridge"] = { "destination", "created", "records" },
  ["dead-letter"] = { "sqs", "created", "messages" },
}

t.test("each fixture stands in the table", function()
  local pipe = assert(io.popen("ls tests/events"))
  local count = 0
  for file in pipe:lines() do
    t.ok(ways[file:match("^(.*)%.json$")], file)
    count = count + 1
  end
  pipe:close()
  for _ in pairs(ways) do count = count - 1 end
  t.equal(count, 0)
end)

t.test("the same upload is read whichever way it came", function()
  for name, way in pairs(ways) do
    local uploads = events.uploads(fixture(name))
    t.equal(#uploads, way[1] and 1 or 0, name)
    local upload = uploads[1]
    if upload then
      t.equal({ upload.via, upload.kind, upload.bucket, upload.key, upload.name, upload.folder },
        { way[1], way[2], bucket, key, "ü%.jpg", "2026/a+b c/" }, name)
      local has_all = way[2] == "created" and way[1] ~= "batch" and name ~= "state-machine"
      t.equal({ upload.size, upload.etag, upload.sequencer }, has_all and
        { 184662, '"4e68adba0abe2dc8653dc3354e14c01d"', "6408CAD69598B05E0000000000000000" }
        or { nil, nil, upload.sequencer }, name)
    end
  end
end)

local forms = {
  records = function(upload)
    return { records = upload and { { bucket = bucket, key = key, kind = upload.kind,
      status = upload.kind == "deleted" and "deleted" or "done" } } or {} }
  end,
  messages = function() return { batchItemFailures = {} } end,
  tasks = function(_, event)
    return {
      invocationSchemaVersion = event.invocationSchemaVersion,
      invocationId = "YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo",
      treatMissingKeysAs = "PermanentFailure",
      results = { { taskId = task_id, resultCode = "Succeeded", resultString = "done" } },
    }
  end,
}

t.test("each sender is answered in its form", function()
  for name, way in pairs(ways) do
    local event, seen = fixture(name), nil
    local function note(upload) seen = upload end
    local answer = events.handler { created = note, deleted = note } (event, {})
    t.equal(answer, forms[way[3]](seen, event), name)
    t.equal(seen and seen.kind, way[2] or nil, name)
    json.encode(answer)
  end
end)

local function fail(fields)
  fields.message = fields.message or "not today"
  failure.raise(fields)
end

t.test("a failure of all there is is raised, but told of a task", function()
  for name, way in pairs(ways) do
    local function rule() fail { code = "SlowDown", retryable = true } end
    local handler = events.handler { created = rule, deleted = rule }
    if way[3] == "tasks" then
      t.equal(handler(fixture(name), {}).results[1], { taskId = task_id,
        resultCode = "TemporaryFailure", resultString = "SlowDown: not today" }, name)
    elseif way[1] then
      t.equal(t.raises("SlowDown", handler, fixture(name), {}).code, "SlowDown", name)
    end
  end
end)

t.test("a task's result says whether trying again helps", function()
  local cases = {
    { { code = "bad_image", retryable = false }, "PermanentFailure", "bad_image: not today" },
    { { code = "AccessDenied", retryable = false }, "PermanentFailure", "AccessDenied: not today" },
    { { code = "SlowDown", retryable = true }, "TemporaryFailure", "SlowDown: not today" },
    { { code = "lua", retryable = true }, "PermanentFailure", "not today" },
    { { code = "deadline", retryable = false }, "TemporaryFailure", "deadline: not today" },
    { { code = "io", message = "\xFF" .. ("ü"):rep(600) }, "PermanentFailure", "io: ?" .. ("?"):rep(507) },
    { { code = "io", message = "x" .. ("ü"):rep(600) }, "PermanentFailure", "io: x" .. ("ü"):rep(253) },
  }
  for _, case in ipairs(cases) do
    local handler = events.handler { created = function() fail(case[1]) end }
    local result = handler(fixture "batch-2", {}).results[1]
    t.equal({ result.resultCode, result.resultString }, { case[2], case[3] })
    t.ok(#result.resultString <= 512)
  end
  local event = fixture "batch-1"
  event.tasks[2] = { taskId = "2", s3Key = "%zz", s3BucketArn = "arn:aws:s3:::uploads" }
  event.tasks[3] = "none"
  local err = t.raises("tasks[3].taskId is not a string", events.handler {}, event, {})
  t.equal(err.code, "bad_event")
  event.tasks[3] = nil
  local results = events.handler {}(event, {}).results
  t.equal({ results[1].resultCode, results[2].resultCode, results[2].taskId },
    { "Succeeded", "PermanentFailure", "2" })
  t.ok(results[2].resultString:find("tasks[2].s3Key has '%zz' in it", 1, true), results[2].resultString)
end)

-- ---- batches of messages -----------------------------------------------------------------------

-- `texts`: the messages' bodies; each one's id is its place.
local function queue_event(texts, groups)
  local event = { Records = json.array {} }
  for i, text in ipairs(texts) do
    event.Records[i] = { eventSource = "aws:sqs", messageId = tostring(i), body = text,
      eventSourceARN = "arn:aws:sqs:eu-west-1:123456789012:q" .. (groups and ".fifo" or ""),
      attributes = { MessageGroupId = groups and groups[i] } }
  end
  return event
end

local function s3_text(...)
  local event = { Records = json.array {} }
  for i, name in ipairs { ... } do
    event.Records[i] = events.sample("s3-put", { key = name }).Records[1]
  end
  return json.encode(event)
end

-- The keys that were worked on, in their order, and the ids that are said to have failed.
local function run_queue(event, failing)
  local done, ids = {}, {}
  local answer = events.handler {
    created = function(upload)
      if failing[upload.key] then fail { code = "SlowDown", retryable = true } end
      done[#done + 1] = upload.key
    end,
  } (event, {})
  for i, item in ipairs(answer.batchItemFailures) do ids[i] = item.itemIdentifier end
  return table.concat(done, " "), table.concat(ids, " ")
end

t.test("only the messages that failed come again", function()
  local texts = { s3_text "a", s3_text("b", "c"), s3_text "d", json.encode(fixture "s3-test") }
  t.equal({ run_queue(queue_event(texts), {}) }, { "a b c d", "" })
  t.equal({ run_queue(queue_event(texts), { b = true, d = true }) }, { "a c", "2 3" })
  t.equal({ run_queue(queue_event(texts), { b = true, c = true }) }, { "a d", "2" })
end)

t.test("a message that can't be read hides no other", function()
  local bodies = { "", "{", "null", "7", "[1]", '"text"', "{}", "\xFF", ("["):rep(200), '{"Records":5}',
    '{"Records":{"a":1}}', '{"Records":[null]}', '{"Records":[{"eventSource":"aws:s3"}]}',
    '{"bucket":7,"key":"k"}', '{"bucket":"b","key":""}', '{"bucket":"b","key":"k","deleted":1}',
    '{"source":"aws.s3"}', '{"source":"aws.s3","detail-type":"AWS API Call via CloudTrail"}',
    '{"Type":"Notification"}', '{"Type":"Notification","Message":"none"}', '{"requestPayload":null}',
    '{"invocationSchemaVersion":"9"}', '{"invocationSchemaVersion":"1.0","tasks":7}',
    '{"invocationSchemaVersion":"1.0","tasks":[7]}', '{"Records":[{"EventSource":"aws:sns"}]}',
    (s3_text "a b%":gsub("a%+b", "%%zz")), (s3_text "a":gsub('"a"', '"%%FF"')),
    (s3_text "a":gsub('"a"', '"%%"')), ("x"):rep(6 * 1024 * 1024) }
  for _, body in ipairs(bodies) do
    logged:forget()
    local event = queue_event { s3_text "a", body, s3_text "b" }
    local shown = body:sub(1, 60)
    t.equal({ run_queue(event, {}) }, { "a b", "2" }, shown)
    local line = logged[1]
    t.equal({ #logged, line.level, line.fields.code }, { 1, "error", "bad_event" }, shown)
    t.ok(line.fields.place:find("Records[2].body", 1, true), shown)
    t.ok(line.fields.reason:find("Records[2].body", 1, true), line.fields.reason)
    t.ok(#line.fields.reason < 500, shown)
  end
end)

t.test("a body of any other type is no body, and hides no other", function()
  for _, body in ipairs { 7, true, json.null, { {} }, {} } do
    local event = queue_event { s3_text "a", "x", s3_text "b" }
    event.Records[2].body = body
    t.equal({ run_queue(event, {}) }, { "a b", "2" })
  end
end)

t.test("records of any type hide no other", function()
  for _, record in ipairs { 7, "x", true, json.null, {}, { eventSource = 7 }, { eventSource = "aws:s3" },
    { eventSource = "aws:s3", eventVersion = "2.1", s3 = {} } } do
    local event = { Records = json.array { record, events.sample("s3-put", { key = "a" }).Records[1] } }
    local done
    local err = t.raises("Records[1]", events.handler { created = function(upload) done = upload.key end },
      event, {})
    t.equal({ err.code, done }, { "bad_event", "a" })
  end
end)

t.test("a message without an id fails the batch, for it can't be named", function()
  for _, id in ipairs { "", 7, json.null } do
    local event = queue_event { s3_text "a", s3_text "b" }
    event.Records[2].messageId = id
    t.raises("SlowDown", run_queue, event, { b = true })
    t.equal({ run_queue(event, { a = true }) }, { "b", "1" })
  end
end)

t.test("a group of a FIFO queue waits behind its first failure", function()
  local texts = { s3_text "a", s3_text "b", s3_text "c", s3_text "d", s3_text "e" }
  local groups = { "x", "y", "x", "y", "x" }
  t.equal({ run_queue(queue_event(texts, groups), { a = true }) }, { "b d", "1 3 5" })
  t.equal({ run_queue(queue_event(texts, groups), { c = true }) }, { "a b d", "3 5" })
  texts[3] = "{"
  t.equal({ run_queue(queue_event(texts, groups), {}) }, { "a b d", "3 5" })
  -- Groups of a standard queue share it fairly, and are no order.
  local event = queue_event(texts, groups)
  for _, record in ipairs(event.Records) do record.eventSourceARN = "arn:aws:sqs:eu-west-1:1:q" end
  t.equal({ run_queue(event, { a = true }) }, { "b d e", "1 3" })
end)

t.test("a group keeps its order, whatever the sequencers say", function()
  local event = queue_event({}, {})
  for i, sequencer in ipairs { "30", "20", "10" } do
    local body = json.encode(events.sample("s3-put", { key = "k", sequencer = sequencer, size = i }))
    event.Records[i] = queue_event({ body }, { "g" }).Records[1]
  end
  local order = {}
  events.handler { created = function(upload) order[#order + 1] = upload.size end } (event, {})
  t.equal(order, { 1, 2, 3 })
end)

t.test("several failures that have to be raised are named, but not without end", function()
  local event = { Records = json.array {} }
  for i = 1, 9 do event.Records[i] = events.sample("s3-put", { key = "k" .. i }).Records[1] end
  event.Records[2].s3 = nil
  local err = t.raises("9 of 9 records failed: uploads/k1: SlowDown: not today; bad_event: Records[2].s3",
    events.handler { created = function() fail { code = "SlowDown", retryable = true } end }, event, {})
  t.ok(err.message:find("and 4 more, in the log", 1, true), err.message)
end)

t.test("messages in messages are opened, but not without end", function()
  local function nested(levels)
    local text = s3_text "a"
    for _ = 1, levels do text = json.encode(queue_event { text }) end
    return json.decode(text)
  end
  t.equal(events.uploads(nested(3))[1].key, "a")
  t.raises("deeper than 8 levels", events.uploads, nested(4))
end)

t.test("other events are named", function()
  for _, event in ipairs { { source = "aws.events", ["detail-type"] = "Scheduled Event" },
    { requestContext = { eventType = "CONNECT" } }, {}, json.null, 7, "x" } do
    t.raises("not an event that is known", events.handler {}, event, {})
  end
  t.raises("is 'AWS API Call via CloudTrail', which is not said of an object", events.uploads,
    { source = "aws.s3", ["detail-type"] = "AWS API Call via CloudTrail", detail = {} })
end)

t.test("AWS's and Powertools' samples", function()
  local read = function(name) return json.decode(t.read(t.corpus("events/" .. name))) end
  local cases = {
    ["s3-event.json"] = { "sourcebucket", "Happy Face.jpg", "created" },
    ["s3-event-with-decoded.json"] = { "sourcebucket", "Happy Face.jpg", "created" },
    ["s3-batch-job-event-request-1.0.json"] = { "awsexamplebucket", "customerImage1.jpg", "created" },
    ["s3-batch-job-event-request-2.0.json"] = { "awsexamplebucket", "customerImage1.jpg", "created" },
    ["powertools/s3EventBridgeNotificationObjectCreatedEvent.json"] =
      { "example-bucket", "IMG_m7fzo3.jpg", "created" },
    ["powertools/s3EventBridgeNotificationObjectDeletedEvent.json"] =
      { "example-bucket", "IMG_m7fzo3.jpg", "deleted" },
    ["powertools/s3SqsEvent.json"] = { "xxx", "test.pdf", "created" },
    ["powertools/s3BatchOperationEventSchemaV2.json"] =
      { "powertools-dataset", "prefix/dataset/dataset.20231222.json.gz", "created" },
  }
  for name, wanted in pairs(cases) do
    local upload = events.uploads(read(name))[1]
    t.equal({ upload.bucket, upload.key, upload.kind }, wanted, name)
  end
  t.raises("Records[1].Sns.Message is no JSON", events.uploads, read "sns-event.json")
  t.raises("Records[1].body is no JSON", events.uploads, read "sqs-event.json")
  t.raises("Records[1].body.Message is not an event that is known", events.uploads,
    read "powertools/snsSqsEvent.json")
  t.raises("a record of aws:dynamodb", events.uploads, read "dynamodb-event.json")
end)
