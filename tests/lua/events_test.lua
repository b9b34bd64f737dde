-- The module `events`: every way an upload arrives, and what events.handler makes of it.
local t = ...

local logged = t.helper "logged"

local events = require "events"
local image = require "image"
local json = require "json"
local s3 = require "s3"

local function put(fields)
  return events.sample("s3-put", fields)
end

local function joined(...)
  local all = { Records = json.array {} }
  for _, event in ipairs { ... } do
    for _, record in ipairs(event.Records) do table.insert(all.Records, record) end
  end
  return all
end

-- ---- uploads -----------------------------------------------------------------------------------

t.test("an S3 record becomes an upload", function()
  local uploads = events.uploads(put {
    bucket = "uploads", key = "2026/a+b c/ü.final.JPG", size = 42, region = "eu-west-1",
    etag = '"9e107d9d372bb6826bd81d3542a419d6"', sequencer = "0055AED6DCD90281E5",
    time = "2026-11-20T10:00:00.000Z", version_id = "v1",
  })
  t.equal(#uploads, 1)
  local upload = uploads[1]
  t.ok(upload.slug)
  upload.slug = nil
  t.equal(upload, {
    via = "s3", kind = "created", event = "ObjectCreated:Put",
    bucket = "uploads", key = "2026/a+b c/ü.final.JPG", size = 42,
    etag = '"9e107d9d372bb6826bd81d3542a419d6"', version_id = "v1",
    sequencer = "55AED6DCD90281E50000000000000000",
    time = "2026-11-20T10:00:00.000Z", region = "eu-west-1",
    name = "ü.final.JPG", folder = "2026/a+b c/", stem = "ü.final", extension = "JPG",
  })
end)

t.test("samples encode keys as S3 does, and uploads decode them", function()
  local cases = {
    { "a b.jpg", "a+b.jpg" },
    { "a+b.jpg", "a%2Bb.jpg" },
    { "100%.jpg", "100%25.jpg" },
    { "photos/ü😀.jpg", "photos/%C3%BC%F0%9F%98%80.jpg" },
    { "../../x//y", "../../x//y" },
    { "line\nbreak\t.png", "line%0Abreak%09.png" },
    { "a*b_c-d.e~f", "a*b_c-d.e%7Ef" },
    { "=?&#", "%3D%3F%26%23" },
  }
  for _, case in ipairs(cases) do
    local event = put { key = case[1] }
    t.equal(event.Records[1].s3.object.key, case[2])
    t.equal(events.uploads(event)[1].key, case[1])
  end
end)

t.test("names are taken apart", function()
  local cases = {
    { "cat.jpg", "cat.jpg", "", "cat", "jpg" },
    { "a/b/cat.tar.gz", "cat.tar.gz", "a/b/", "cat.tar", "gz" },
    { "a/.hidden", ".hidden", "a/", ".hidden", "" },
    { "a/noext", "noext", "a/", "noext", "" },
    { "a/b/", "b", "a/", "b", "" },
    { "/", "/", "", "/", "" },
    { "a//b.png", "b.png", "a//", "b", "png" },
  }
  for _, case in ipairs(cases) do
    local upload = events.uploads({ bucket = "b", key = case[1] })[1]
    t.equal({ upload.name, upload.folder, upload.stem, upload.extension },
      { case[2], case[3], case[4], case[5] }, case[1])
  end
end)

t.test("a slug is the key where the key is harmless, and never shared", function()
  local function slug(key) return events.uploads({ bucket = "b", key = key })[1].slug end
  for _, key in ipairs { "cat.jpg", "a/b/Cat_1.jpg", "a.b/c-d.e" } do t.equal(slug(key), key) end
  local keys = { "a b.jpg", "a-b.jpg", "a+b.jpg", "a//b.jpg", "a/b.jpg", "/a/b.jpg", "../a", "a",
    "..", ".", "/", "a/", "ü", "é", ("x"):rep(1024), ("x"):rep(1023), "a/../b", "a/./b", "a/b",
    "<script>.jpg", "a\nb", ".hidden" }
  keys[#keys + 1] = slug("a b.jpg")
  local seen = {}
  for _, key in ipairs(keys) do
    local s = slug(key)
    t.ok(not seen[s], ("%q and %q share %q"):format(key, tostring(seen[s]), s) and s)
    seen[s] = key
    t.ok(s:find("^[%w._/-]+$") and not s:find("//") and not ("/" .. s .. "/"):find("/%.+/"), s)
    t.ok(#s <= 213, "length")
  end
end)

t.test("sequencers compare as strings, whatever their padding", function()
  local function sequencer(text)
    return events.uploads(put { sequencer = text })[1].sequencer
  end
  t.equal(sequencer("0055AED6DCD90281E5"), sequencer("55aed6dcd90281e5"))
  t.ok(sequencer("0055AED6DCD90281E5") < sequencer("0055AED6DCD90281E6"))
  t.equal(#sequencer("00"), 32)
  t.equal(sequencer("Happy Sequencer"), nil)
  t.equal(sequencer(("1"):rep(33)), nil)
end)

t.test("event names say what happened", function()
  local cases = {
    { "ObjectCreated:Put", "created" }, { "ObjectCreated:CompleteMultipartUpload", "created" },
    { "s3:ObjectCreated:Copy", "created" }, { "ObjectRemoved:Delete", "deleted" },
    { "ObjectRemoved:DeleteMarkerCreated", "deleted" }, { "LifecycleExpiration:Delete", "deleted" },
    { "ObjectTagging:Put", "other" }, { "ObjectRestore:Completed", "other" },
    { "LifecycleTransition", "other" },
  }
  for _, case in ipairs(cases) do
    local event = put {}
    event.Records[1].eventName = case[1]
    t.equal(events.uploads(event)[1].kind, case[2], case[1])
  end
end)

t.test("all records of an event are read", function()
  local uploads = events.uploads(joined(put { key = "a" }, put { key = "b" },
    events.sample("s3-delete", { key = "c" })))
  t.equal(#uploads, 3)
  t.equal({ uploads[2].key, uploads[3].kind, uploads[3].etag }, { "b", "deleted" })
end)

t.test("a test event and an empty list hold no uploads", function()
  t.equal(events.uploads(events.sample("s3-test")), {})
  t.equal(events.uploads { Records = json.array {} }, {})
end)

t.test("a direct event is a bucket and a raw key", function()
  local upload = events.uploads({ bucket = "b", key = "a+b%20c.jpg", etag = "x" })[1]
  t.equal({ upload.via, upload.kind, upload.key, upload.etag },
    { "direct", "created", "a+b%20c.jpg", '"x"' })
  t.equal(events.uploads({ bucket = "b", key = "k", deleted = true })[1].kind, "deleted")
end)

t.test("JSON's null is as good as absent", function()
  local event = put {}
  event.Records[1].s3.object.versionId = json.null
  event.Records[1].s3.object.eTag = json.null
  event.Records[1].s3.object.size = json.null
  local upload = events.uploads(event)[1]
  t.equal({ upload.version_id, upload.etag, upload.size }, {})
end)

t.test("what is no known event is named", function()
  local cases = {
    { {}, "an empty object" },
    { { foo = 1, bar = 2 }, "an object with bar, foo" },
    { "text", "a string" },
    { json.null, "null" },
    { { Records = json.array { { eventSource = "aws:kinesis" } } },
      "Records[1] is not an event that is known: a record of aws:kinesis" },
    { { Records = { a = 1 } }, "Records is not an array" },
    { { Records = 5 }, "an object with Records" },
  }
  for _, case in ipairs(cases) do
    local err = t.raises(case[2], events.uploads, case[1])
    t.equal(err.code, "bad_event")
  end
end)

t.test("a broken record is named by its path", function()
  local cases = {
    { function(record) record.eventVersion = "3.0" end, "Records[1].eventVersion is '3.0'" },
    { function(record) record.s3 = nil end, "Records[1].s3 is not an object" },
    { function(record) record.s3.bucket = json.null end, "Records[1].s3.bucket is not an object" },
    { function(record) record.s3.object.key = 7 end, "Records[1].s3.object.key is not a" },
    { function(record) record.s3.object.key = "" end, "Records[1].s3.object.key is not a" },
    { function(record) record.eventName = nil end, "Records[1].eventName is not a non-empty" },
  }
  for _, case in ipairs(cases) do
    local event = put {}
    case[1](event.Records[1])
    t.raises(case[2], events.uploads, event)
  end
end)

t.test("AWS's own samples", function()
  local read = function(name) return json.decode(t.read(t.corpus("events/" .. name))) end
  local upload = events.uploads(read "s3-event.json")[1]
  t.equal({ upload.key, upload.bucket, upload.sequencer }, { "Happy Face.jpg", "sourcebucket" })
  upload = events.uploads(read "powertools/s3EventDeleteObject.json")[1]
  t.equal({ upload.kind, upload.size }, { "deleted" })
end)

-- ---- handler -----------------------------------------------------------------------------------

local function fail(code, retryable)
  -- An error object like any other, as a script gets it from a binding.
  local _, err = pcall(events.reject, "not today")
  err.code, err.retryable = code, retryable
  error(err, 0)
end

t.test("each record has a result, in the event's order", function()
  local handler = events.handler {
    created = function(upload) return { size = upload.size } end,
    deleted = function() end,
  }
  local result = handler(joined(put { key = "a", size = 1 }, put { key = "b", size = 2 },
    events.sample("s3-delete", { key = "c" })), {})
  t.equal(result.records, {
    { bucket = "uploads", key = "a", kind = "created", status = "done", size = 1 },
    { bucket = "uploads", key = "b", kind = "created", status = "done", size = 2 },
    { bucket = "uploads", key = "c", kind = "deleted", status = "deleted" },
  })
  t.equal(json.encode(handler(events.sample("s3-test"), {})), '{"records":[]}')
end)

t.test("the rule's own status stays", function()
  local handler = events.handler { created = function() return { status = "unchanged" } end }
  t.equal(handler(put {}, {}).records[1].status, "unchanged")
end)

t.test("what has no rule is ignored, and so are folder markers", function()
  local called = 0
  local handler = events.handler { created = function() called = called + 1 end }
  local tagging = put {}
  tagging.Records[1].eventName = "ObjectTagging:Put"
  for _, event in ipairs { events.sample("s3-delete"), tagging, put { key = "a/", size = 0 } } do
    t.equal(handler(event, {}).records[1].status, "ignored")
  end
  t.equal(called, 0)
end)

t.test("a permanent failure is recorded and acknowledged", function()
  for _, code in ipairs { "bad_image", "unsupported", "rejected" } do
    local seen
    local handler = events.handler {
      created = function() fail(code, false) end,
      rejected = function(upload, err)
        seen = upload.key .. " " .. err.code
        return { noted = true }
      end,
    }
    local record = handler(put { key = "k" }, {}).records[1]
    t.equal({ record.status, record.code, record.reason, record.noted },
      { "rejected", code, "not today", true })
    t.equal(seen, "k " .. code)
    local line = logged[#logged]
    t.equal({ line.level, line.fields.code, line.fields.key }, { "warn", code, "k" })
  end
end)

t.test("everything else is raised, when the others are done", function()
  local done = {}
  local handler = events.handler {
    created = function(upload)
      if upload.key == "b" then fail("SlowDown", true) end
      if upload.key == "c" then fail("bad_image", false) end
      done[#done + 1] = upload.key
    end,
  }
  local event = joined(put { key = "a" }, put { key = "b" }, put { key = "c" }, put { key = "d" })
  local err = t.raises("SlowDown", handler, event, {})
  t.equal(err.code, "SlowDown")
  t.equal(logged[#logged].level, "warn")
  t.equal(logged[#logged - 1].level, "error")
  table.sort(done)
  t.equal(done, { "a", "d" })
end)

t.test("several failures are one error that counts them", function()
  local handler = events.handler { created = function() fail("AccessDenied", false) end }
  local err = t.raises("2 of 2 records failed", handler,
    joined(put { key = "a" }, put { key = "b" }), {})
  t.equal({ err.code, err.retryable }, { "AccessDenied", true })
end)

t.test("a mistake in the rule is a failure with its line", function()
  local handler = events.handler { created = function() local x = nil; return x.y end }
  local err = t.raises("events_test.lua", handler, put {}, {})
  t.ok(err.traceback:find("events_test.lua", 1, true), "traceback")
end)

t.test("a rule that returns no table is a failure", function()
  t.raises("the rule returned a number", events.handler { created = function() return 1 end },
    put {}, {})
end)

t.test("an unreadable record fails the event, after the others are done", function()
  local event = joined(put { key = "a" }, put { key = "b" })
  event.Records[1].s3 = nil
  local done = {}
  local handler = events.handler { created = function(upload) done[#done + 1] = upload.key end }
  t.raises("Records[1].s3", handler, event, {})
  t.equal(done, { "b" })
end)

t.test("records of one object run in its order", function()
  local order = {}
  local function note(upload) order[#order + 1] = upload.kind .. upload.sequencer:sub(1, 1) end
  local handler = events.handler { created = note, deleted = note }
  handler(joined(put { sequencer = "3000" }, events.sample("s3-delete", { sequencer = "2000" }),
    put { sequencer = "1000" }), {})
  t.equal(order, { "created1", "deleted2", "created3" })
end)

t.test("too_large is permanent where it is the object that is", function()
  t.equal(events.permanent { code = "too_large", operation = "s3.get" }, true)
  t.equal(events.permanent { code = "too_large", operation = "s3.find" }, true)
  t.equal(events.permanent { code = "too_large", operation = "dynamodb.scan" }, false)
  t.equal(events.permanent("text"), false)
  t.equal(events.permanent(nil), false)
end)

t.test("a limit is permanent where it is the photo's, not where it is the target's", function()
  local bytes = t.read("build/samples/moon.png")
  local opened = t.raises("side", image.open, { bytes = bytes, limits = { side = 8 } })
  t.equal({ opened.code, events.permanent(opened) }, { "limit", true })
  local photo <close> = image.open(bytes)
  local rendered = t.raises("side", photo.render, photo,
    { width = 20000, height = 20000, fit = "fill", enlarge = true })
  t.equal({ rendered.code, events.permanent(rendered) }, { "limit", false })
end)

t.test("an object beyond max_bytes is permanent, however it is read", function()
  local big = { bucket = os.getenv "TEST_BUCKET" or "uploads", key = "events-test/big" }
  s3.put { bucket = big.bucket, key = big.key, body = "four" }
  big.max_bytes = 3
  for _, read in ipairs { s3.get, s3.find } do
    local err = t.raises("too_large", read, big)
    t.equal(events.permanent(err), true)
  end
end)

-- ---- arguments ---------------------------------------------------------------------------------

t.test("wrong arguments are named", function()
  local created = function() end
  t.raises("unknown field 'create', did you mean 'created'?", events.handler, { create = created })
  t.raises("field 'created' is a number, expected a function", events.handler, { created = 1 })
  t.raises("field 'concurrency' is 0, expected 1 to 1000", events.handler, { concurrency = 0 })
  t.raises("a table of named fields expected, got nil", events.handler)
  t.raises("unknown event 's3-putt', did you mean 's3-put'?", events.sample, "s3-putt")
  t.raises("unknown field 'buckt', did you mean 'bucket'?", events.sample, "s3-put", { buckt = "" })
  t.raises("field 'size' is a string, expected an integer", events.sample, "s3-put", { size = "1" })
  t.raises("string expected", events.reject)
  local err = t.raises("events_test.lua", function() events.handler { x = 1 } end)
  t.equal(err.code, "usage")
end)

t.test("the list of samples is complete", function()
  local list = events.samples()
  for _, sample in ipairs(list) do
    t.ok(#sample.description > 0 and #sample.fields > 0)
    t.ok(events.handler {}(events.sample(sample.name), {}), sample.name)
  end
  t.equal(#list, 17)
end)

t.test("records of one object run as they came when one has no order", function()
  local order = {}
  local handler = events.handler {
    created = function(upload) order[#order + 1] = upload.size end,
  }
  local list, wanted = {}, {}
  for i = 1, 60 do
    -- 60, none, 58, none, ...: no comparison of these is a total order.
    list[i] = put { sequencer = i % 2 == 0 and "Happy" or ("%04X"):format(1000 - i), size = i }
    wanted[i] = i
  end
  handler(joined(table.unpack(list)), {})
  t.equal(order, wanted)
end)
