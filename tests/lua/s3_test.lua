-- The module `s3`. Uses nothing but the module, so that it runs unchanged against every store;
-- what only the embedded store has is in the C unit tests.

local t = ...
local s3, task, hash, uuid = require "s3", require "task", require "hash", require "uuid"

local bucket = os.getenv "TEST_BUCKET" or "uploads"
local serial = 0

-- A key of its own for every test.
local function fresh(suffix)
  serial = serial + 1
  return ("s3-test/%d-%d/%s"):format(os.time(), serial, suffix or "object")
end

local function put(key, body, fields)
  local options = { bucket = bucket, key = key, body = body }
  for name, value in pairs(fields or {}) do options[name] = value end
  return s3.put(options)
end

local function get(key, fields)
  local options = { bucket = bucket, key = key }
  for name, value in pairs(fields or {}) do options[name] = value end
  return s3.get(options)
end

local function refused(code, status, fn, options)
  local err = t.raises(code, fn, options)
  t.equal(err.code, code)
  t.equal(err.status, status)
  return err
end

local function etag_of(body)
  return '"' .. hash.md5(body) .. '"'
end

t.test("put and get keep every byte and every header", function()
  local key = fresh "cat.jpg"
  local bytes = {}
  for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
  local body = table.concat(bytes)
  local written = put(key, body, {
    content_type = "image/jpeg", cache_control = "max-age=60", content_encoding = "identity",
    content_disposition = 'attachment; filename="cat.jpg"',
    metadata = { author = "Ann", ["source-etag"] = '"abc"', empty = "" },
    tags = { kind = "photo", ["a b"] = "c/d" },
  })
  t.equal(written.etag, etag_of(body))
  local object = get(key)
  t.equal(object.body, body)
  t.equal(object.etag, written.etag)
  t.equal(object.size, 256)
  t.equal(object.content_type, "image/jpeg")
  t.equal(object.cache_control, "max-age=60")
  t.equal(object.content_encoding, "identity")
  t.equal(object.content_disposition, 'attachment; filename="cat.jpg"')
  t.equal(object.metadata, { author = "Ann", ["source-etag"] = '"abc"', empty = "" })
  t.equal(object.storage_class, "STANDARD")
  t.equal(math.type(object.last_modified), "integer")
  t.ok(math.abs(object.last_modified / 1000 - os.time()) < 120, "last_modified is now")
  t.equal(object.range_first, nil)
  local head = s3.head { bucket = bucket, key = key }
  object.body = nil
  t.equal(head, object)
end)

t.test("an empty object, and the default content type", function()
  local key = fresh()
  t.equal(put(key, "").etag, '"d41d8cd98f00b204e9800998ecf8427e"')
  local object = get(key)
  t.equal(object.body, "")
  t.equal(object.size, 0)
  t.equal(object.content_type, "binary/octet-stream")
  t.equal(object.metadata, {})
end)

t.test("a put replaces all of the object", function()
  local key = fresh()
  put(key, "one", { metadata = { a = "1" }, content_type = "text/plain" })
  put(key, "second")
  local object = get(key)
  t.equal(object.body, "second")
  t.equal(object.metadata, {})
  t.equal(object.content_type, "binary/octet-stream")
end)

t.test("what is not there", function()
  local key = fresh()
  refused("NoSuchKey", 404, s3.get, { bucket = bucket, key = key })
  refused("NoSuchKey", 404, s3.head, { bucket = bucket, key = key })
  t.equal(s3.find { bucket = bucket, key = key }, nil)
  t.equal(select("#", s3.find { bucket = bucket, key = key }), 1)
  put(key, "x")
  t.equal(s3.find({ bucket = bucket, key = key }).body, "x")
end)

t.test("a missing bucket is raised by all", function()
  local missing = "missing-" .. uuid.v4()
  local calls = {
    get = {}, find = {}, head = {}, put = { body = "" }, delete = {},
    copy = { source_key = "other" },
  }
  for name, options in pairs(calls) do
    options.bucket, options.key = missing, "k"
    refused("NoSuchBucket", 404, s3[name], options)
  end
  refused("NoSuchBucket", 404, s3.list, { bucket = missing })
  refused("NoSuchBucket", 404, s3.delete_all, { bucket = missing, keys = { "k" } })
end)

t.test("errors know their operation", function()
  local err = refused("NoSuchKey", 404, s3.get, { bucket = bucket, key = fresh() })
  t.equal(err.operation, "s3.get")
  t.equal(err.retryable, false)
end)

t.test("conditions of reading", function()
  local key = fresh()
  local etag = put(key, "x").etag
  for _, read in ipairs { s3.get, s3.find, s3.head } do
    t.ok(read { bucket = bucket, key = key, if_match = etag })
    t.ok(read { bucket = bucket, key = key, if_none_match = '"other"' })
    local none, why = read { bucket = bucket, key = key, if_match = '"other"' }
    t.equal({ none, why }, { nil, "conflict" })
    none, why = read { bucket = bucket, key = key, if_none_match = etag }
    t.equal({ none, why }, { nil, "not_modified" })
  end
  refused("NoSuchKey", 404, s3.get, { bucket = bucket, key = fresh(), if_match = etag })
end)

t.test("conditions of writing", function()
  local key = fresh()
  local none, why = put(key, "x", { if_match = '"0"' })
  t.equal({ none, why }, { nil, "conflict" })
  local first = t.ok(put(key, "one", { if_none_match = "*" }))
  none, why = put(key, "two", { if_none_match = "*" })
  t.equal({ none, why }, { nil, "conflict" })
  local second = t.ok(put(key, "two", { if_match = first.etag }))
  none, why = put(key, "three", { if_match = first.etag })
  t.equal({ none, why }, { nil, "conflict" })
  t.equal(get(key).body, "two")
  t.equal(get(key).etag, second.etag)
end)

t.test("conditions of deleting", function()
  local key = fresh()
  local first, second = put(key, "one"), put(key, "two")
  local none, why = s3.delete { bucket = bucket, key = key, if_match = first.etag }
  t.equal({ none, why }, { nil, "conflict" })
  t.equal(s3.delete { bucket = bucket, key = key, if_match = second.etag }, true)
  none, why = s3.delete { bucket = bucket, key = key, if_match = second.etag }
  t.equal({ none, why }, { nil, "conflict" })
end)

t.test("conditions that S3 does not have", function()
  for _, fields in ipairs {
    { if_none_match = '"abc"' }, { if_match = "*" }, { if_match = '"a"', if_none_match = "*" },
  } do
    fields.bucket, fields.key, fields.body = bucket, fresh(), "x"
    refused("NotImplemented", 501, s3.put, fields)
  end
end)

t.test("ranges", function()
  local key = fresh()
  put(key, "0123456789")
  local cases = {
    { "bytes=0-3", "0123", 0 }, { "bytes=8-", "89", 8 }, { "bytes=-3", "789", 7 },
    { "bytes=5-99", "56789", 5 }, { "bytes=-99", "0123456789", 0 }, { "bytes=9-9", "9", 9 },
    { { 0, 3 }, "0123", 0 }, { { 8 }, "89", 8 }, { { -3 }, "789", 7 }, { { 0, 0 }, "0", 0 },
  }
  for _, case in ipairs(cases) do
    local object = get(key, { range = case[1] })
    t.equal(object.body, case[2])
    t.equal(object.range_first, case[3])
    t.equal(object.size, 10)
    t.equal(object.etag, etag_of "0123456789")
  end
  refused("InvalidRange", 416, s3.get, { bucket = bucket, key = key, range = "bytes=10-" })
end)

t.test("ranges of an empty object", function()
  local key = fresh()
  put(key, "")
  refused("InvalidRange", 416, s3.get, { bucket = bucket, key = key, range = "bytes=0-0" })
  refused("InvalidRange", 416, s3.get, { bucket = bucket, key = key, range = "bytes=-1" })
end)

t.test("ranges that are none", function()
  for _, range in ipairs {
    "0-3", "bytes=", "bytes=-", "bytes=-0", "bytes=3-1", "bytes=a-b", "bytes=1-2,4-5",
    "bytes=1-2 ", "bytes=99999999999999999999-", "bytes=+1-2", {}, { 3, 1 }, { 0, -2 }, { -3, 4 },
    { "x" }, { 1.5 }, 7, true, { math.mininteger },
  } do
    t.raises("field 'range' is neither", s3.get, { bucket = bucket, key = "k", range = range })
  end
end)

t.test("max_bytes bounds what is read", function()
  local key = fresh()
  put(key, ("x"):rep(100))
  t.equal(#get(key, { max_bytes = 100 }).body, 100)
  local err = t.raises("too_large", get, key, { max_bytes = 99 })
  t.ok(err.message:find("max_bytes", 1, true), "the message names the limit")
  t.equal(#get(key, { max_bytes = 10, range = { 5, 14 } }).body, 10)
end)

t.test("a body as bytes is what it is as a string", function()
  local key = fresh()
  local all = {}
  for byte = 0, 255 do all[#all + 1] = string.char(byte) end
  local text = table.concat(all)
  put(key, text)
  local object = get(key, { as = "bytes" })
  local body = object.body
  t.equal({ type(body), #body, tostring(body) }, { "userdata", 256, text })
  t.equal(getmetatable(body), "bytes")
  t.equal({ object.size, object.etag }, { 256, etag_of(text) })
  for _, span in ipairs { { 1, 4 }, { -4 }, { 3 }, { 0, 0 }, { 5, 4 }, { -300, 300 }, { 256, 257 },
    { 257 }, { math.mininteger, math.maxinteger }, { math.maxinteger, math.mininteger } } do
    t.equal(body:sub(table.unpack(span)), text:sub(table.unpack(span)), table.concat(span, " "))
  end
  t.ok(body == get(key, { as = "bytes" }).body, "the same bytes")
  t.ok(body ~= get(key, { as = "bytes", range = { 1 } }).body, "other ones")
  t.ok(body ~= text, "no string")
  t.equal(get(key, { as = "string" }).body, text)

  t.equal(put(key .. "2", body, { content_type = "x/y" }).etag, etag_of(text))
  t.equal(get(key .. "2").body, text)
  local part = get(key, { as = "bytes", range = { 10, 19 } })
  t.equal({ tostring(part.body), part.range_first }, { text:sub(11, 20), 10 })
  t.equal(tostring(s3.find({ bucket = bucket, key = key, as = "bytes" }).body), text)
  put(key, "")
  t.equal({ #get(key, { as = "bytes" }).body, tostring(get(key, { as = "bytes" }).body) }, { 0, "" })
  t.equal(put(key .. "3", get(key, { as = "bytes" }).body).etag, etag_of "")
  t.equal({ get(key, { as = "bytes", if_none_match = etag_of "" }) }, { nil, "not_modified" })
end)

t.test("copy takes the source's headers, or replaces them", function()
  local from, to = fresh "from", fresh "to"
  local etag = put(from, "body", { content_type = "text/plain", metadata = { a = "1" } }).etag
  t.equal(s3.copy({ bucket = bucket, key = to, source_key = from }).etag, etag)
  local copy = get(to)
  t.equal(copy.body, "body")
  t.equal(copy.content_type, "text/plain")
  t.equal(copy.metadata, { a = "1" })
  s3.copy { bucket = bucket, key = to, source_key = from, source_bucket = bucket,
    replace_metadata = true, content_type = "text/html", metadata = { b = "2" } }
  copy = get(to)
  t.equal(copy.body, "body")
  t.equal(copy.content_type, "text/html")
  t.equal(copy.metadata, { b = "2" })
  t.equal(get(from).metadata, { a = "1" })
end)

t.test("copy to itself", function()
  local key = fresh()
  put(key, "body")
  refused("InvalidRequest", 400, s3.copy, { bucket = bucket, key = key, source_key = key })
  s3.copy { bucket = bucket, key = key, source_key = key, replace_metadata = true,
    metadata = { c = "3" } }
  t.equal(get(key).metadata, { c = "3" })
end)

t.test("conditions of a copy's source", function()
  local key, other = fresh(), fresh()
  local etag = put(key, "body").etag
  local none, why = s3.copy { bucket = bucket, key = other, source_key = key,
    source_if_match = '"other"' }
  t.equal({ none, why }, { nil, "conflict" })
  t.equal(s3.find { bucket = bucket, key = other }, nil)
  t.ok(s3.copy { bucket = bucket, key = other, source_key = key, source_if_match = etag })
  refused("NoSuchKey", 404, s3.copy, { bucket = bucket, key = other, source_key = fresh() })
end)

t.test("conditions of a copy's destination", function()
  local key, other = fresh(), fresh()
  local etag = put(key, "body").etag
  local function copy(fields)
    fields.bucket, fields.key, fields.source_key = bucket, other, key
    local made, why = s3.copy(fields)
    return made and made.etag, why
  end
  t.equal({ copy { if_none_match = "*" } }, { etag })
  t.equal({ copy { if_none_match = "*" } }, { nil, "conflict" })
  t.equal({ copy { if_match = '"other"' } }, { nil, "conflict" })
  t.equal({ copy { if_match = etag } }, { etag })
end)

t.test("a copy's headers need replace_metadata", function()
  local fields = { content_type = "a/b", metadata = {}, tags = {}, cache_control = "x" }
  for field, value in pairs(fields) do
    t.raises("field '" .. field .. "' has no effect without replace_metadata", s3.copy,
      { bucket = bucket, key = "a", source_key = "b", [field] = value })
  end
end)

t.test("delete and delete_all", function()
  local keys = {}
  for i = 1, 5 do
    keys[i] = fresh()
    if i ~= 3 then put(keys[i], "x") end
  end
  t.equal(s3.delete { bucket = bucket, key = keys[1] }, true)
  t.equal(s3.delete { bucket = bucket, key = keys[1] }, true)
  t.equal(s3.delete_all { bucket = bucket, keys = keys }, { deleted = 5, errors = {} })
  for _, key in ipairs(keys) do t.equal(s3.find { bucket = bucket, key = key }, nil) end
  t.equal(s3.delete_all { bucket = bucket, keys = {} }, { deleted = 0, errors = {} })
end)

t.test("list: order, prefix, delimiter, pages", function()
  local root = fresh ""
  local names = { "a", "a/b", "a/b/c", "a0", "b/", "b//x", "é", "z", "\u{FFFD}", "\u{10000}", "Z" }
  for _, name in ipairs(names) do put(root .. name, name) end
  local sorted = { table.unpack(names) }
  table.sort(sorted) -- in the C locale: by bytes
  local page = s3.list { bucket = bucket, prefix = root }
  local got = {}
  for i, object in ipairs(page.objects) do
    got[i] = object.key:sub(#root + 1)
    t.equal(object.size, #got[i])
    t.equal(object.etag, etag_of(got[i]))
    t.equal(object.storage_class, "STANDARD")
    t.equal(math.type(object.last_modified), "integer")
  end
  t.equal(got, sorted)
  t.equal(page.prefixes, {})
  t.equal(page.next_token, nil)

  page = s3.list { bucket = bucket, prefix = root, delimiter = "/" }
  t.equal(page.prefixes, { root .. "a/", root .. "b/" })
  t.equal(#page.objects, 7)

  local seen, pages, token = {}, 0, nil
  repeat
    page = s3.list { bucket = bucket, prefix = root, delimiter = "/", max_keys = 2, token = token }
    t.ok(#page.objects + #page.prefixes <= 2, "page size")
    for _, object in ipairs(page.objects) do seen[#seen + 1] = object.key end
    for _, prefix in ipairs(page.prefixes) do seen[#seen + 1] = prefix end
    pages, token = pages + 1, page.next_token
  until not token
  t.equal(#seen, 9)
  t.equal(pages, 5)
  page = s3.list { bucket = bucket, prefix = root, start_after = root .. "a0" }
  t.equal(#page.objects, #names - 5)
end)

t.test("list: a token that is none is refused", function()
  refused("InvalidArgument", 400, s3.list, { bucket = bucket, token = "no token of ours" })
end)

t.test("every legal key comes back as it was", function()
  local root = fresh ""
  local keys = {
    "../../x", "a//b", "trailing/", "/leading", ".", "..", "./.", "~", "a~00000000.jpg", "%2F", "%",
    "a+b c", "nul-less \1\2\t\r\127", "back\\slash", "<>:\"|?*", "größe/日本/😀.jpg", "\u{202E}gpj",
    (" "):rep(3), ("s"):rep(300), ("d/"):rep(200) .. "x", ("/"):rep(500), ("é"):rep(200),
    "x.tar.gz", "CON", ".hidden/.x", "a.b/c.d",
  }
  for _, name in ipairs(keys) do
    put(root .. name, name)
  end
  for _, name in ipairs(keys) do
    t.equal(get(root .. name).body, name)
  end
  local listed = s3.list { bucket = bucket, prefix = root }
  t.equal(#listed.objects, #keys)
end)

t.test("keys and buckets that S3 refuses", function()
  refused("KeyTooLongError", 400, s3.put, { bucket = bucket, key = ("x"):rep(1025), body = "" })
  for _, name in ipairs { "get", "find", "head", "delete" } do
    refused("InvalidArgument", 400, s3[name], { bucket = bucket, key = "" })
    refused("InvalidURI", 400, s3[name], { bucket = bucket, key = "a\0b" })
    refused("InvalidURI", 400, s3[name], { bucket = bucket, key = "a\xFF" })
    refused("InvalidURI", 400, s3[name], { bucket = bucket, key = "\xED\xA0\x80" })
    for _, wrong in ipairs {
      "", "ab", "UPPER", "a_b", "-abc", "abc-", "a..b", "../..", "1.2.3.4", ("x"):rep(64),
      "a b", "é", "a/b", "abc\0",
    } do
      refused("InvalidBucketName", 400, s3[name], { bucket = wrong, key = "k" })
    end
  end
end)

t.test("metadata and tags that S3 refuses", function()
  local function refuse(code, fields)
    fields.bucket, fields.key, fields.body = bucket, "k", ""
    return refused(code, 400, s3.put, fields)
  end
  refuse("MetadataTooLarge", { metadata = { a = ("x"):rep(2048) } })
  t.ok(put(fresh(), "", { metadata = { a = ("x"):rep(2047) } }))
  refuse("InvalidArgument", { metadata = { Author = "capital" } })
  refuse("InvalidArgument", { metadata = { ["a b"] = "space" } })
  refuse("InvalidArgument", { metadata = { [""] = "empty" } })
  refuse("InvalidArgument", { metadata = { a = "line\nfeed" } })
  refuse("InvalidArgument", { metadata = { a = "größe" } })
  refuse("InvalidArgument", { metadata = { a = " x" } })
  refuse("InvalidArgument", { metadata = { a = "x " } })
  refuse("InvalidArgument", { content_type = "a\r\nx-evil: 1" })
  refuse("InvalidArgument", { cache_control = "\0" })
  refuse("InvalidArgument", { if_match = '"a"\r\nx-evil: 1' })
  refuse("InvalidStorageClass", { storage_class = "CHEAP" })
  refuse("InvalidTag", { tags = { ["a"] = ("x"):rep(257) } })
  refuse("InvalidTag", { tags = { [("é"):rep(129)] = "x" } })
  refuse("InvalidTag", { tags = { [""] = "x" } })
  refuse("InvalidTag", { tags = { a = "x;y" } })
  local many = {}
  for i = 1, 11 do many["t" .. i] = "x" end
  refuse("BadRequest", { tags = many })
  many.t11 = nil
  t.ok(put(fresh(), "", { tags = many }))
end)

t.test("versions: a bucket without them has one, named null", function()
  local key = fresh()
  put(key, "body")
  t.equal(get(key, { version_id = "null" }).body, "body")
  t.equal(s3.head { bucket = bucket, key = key, version_id = "null" }.size, 4)
  t.equal(s3.find { bucket = bucket, key = key .. "x", version_id = "null" }, nil)
  t.ok(s3.copy { bucket = bucket, key = key .. "2", source_key = key,
    source_version_id = "null" })
  t.ok(s3.delete { bucket = bucket, key = key, version_id = "null" })
  t.equal(s3.find { bucket = bucket, key = key }, nil)
  refused("InvalidArgument", 400, s3.get, { bucket = bucket, key = key, version_id = "" })
end)

t.test("the bucket's owner is twelve digits, everywhere", function()
  local cases = { get = { key = "k" }, find = { key = "k" }, head = { key = "k" },
    put = { key = "k", body = "" }, copy = { key = "k", source_key = "j" },
    delete = { key = "k" }, delete_all = { keys = { "k" } }, list = {} }
  for name, options in pairs(cases) do
    options.bucket = bucket
    for _, owner in ipairs { "", "12345678901", "1234567890123", "12345678901x" } do
      options.expected_bucket_owner = owner
      local err = refused("InvalidArgument", 400, s3[name], options)
      t.ok(tostring(err):find("expected_bucket_owner", 1, true), "the field is named")
    end
  end
  refused("InvalidArgument", 400, s3.copy, { bucket = bucket, key = "k", source_key = "j",
    source_expected_bucket_owner = "me" })
end)

t.test("wrong arguments name the field", function()
  local cases = {
    { "get", 7, "bad argument #1 to 'get' (a table of named fields expected, got number)" },
    { "find", { bucket = bucket }, "bad argument #1 to 'find' (field 'key' is missing)" },
    { "head", { key = "k" }, "bad argument #1 to 'head' (field 'bucket' is missing)" },
    { "head", { bucket = bucket, key = "k", range = "x" }, "unknown field 'range'" },
    { "put", { bucket = bucket, key = "k" }, "field 'body' is missing" },
    { "put", { bucket = bucket, key = "k", body = 1 },
      "field 'body' is a number, expected a string or bytes" },
    { "put", { buckt = "x" }, "unknown field 'buckt', did you mean 'bucket'?" },
    { "put", { bucket = bucket, key = "k", body = "", metadata = "x" },
      "field 'metadata' is a string" },
    { "put", { bucket = bucket, key = "k", body = "", metadata = { a = 1 } },
      "field 'metadata.a' is a number, expected a string" },
    { "put", { bucket = bucket, key = "k", body = "", tags = { "x" } },
      "field 'tags' has a key that is a number, expected names" },
    { "copy", { bucket = bucket, key = "k" }, "field 'source_key' is missing" },
    { "copy", { bucket = bucket, key = "k", source_key = "j", replace_metadata = "yes" },
      "field 'replace_metadata' is a string, expected a boolean" },
    { "delete", { bucket = bucket, key = "k", if_none_match = "*" },
      "unknown field 'if_none_match'" },
    { "delete_all", { bucket = bucket }, "field 'keys' is missing" },
    { "delete_all", { bucket = bucket, keys = { "a", 2 } },
      "field 'keys[2]' is a number, expected a string" },
    { "list", { bucket = bucket, max_keys = 0 }, "field 'max_keys' is 0, expected 1 to 1000" },
    { "list", { bucket = bucket, max_keys = 1001 },
      "field 'max_keys' is 1001, expected 1 to 1000" },
    { "list", { bucket = bucket, key = "k" }, "unknown field 'key'" },
    { "get", { bucket = bucket, key = "k", max_bytes = 0 }, "field 'max_bytes' is 0" },
    { "get", { bucket = bucket, key = "k", max_bytes = 1.5 },
      "field 'max_bytes' is 1.5, expected an integer" },
    { "get", { bucket = bucket, key = "k", as = "text" },
      "field 'as' is 'text', expected one of string, bytes" },
  }
  for _, case in ipairs(cases) do
    local err = t.raises(case[3], s3[case[1]], case[2])
    t.equal(err.code, "usage")
  end
  local keys = {}
  for i = 1, 1001 do keys[i] = "k" .. i end
  t.raises("field 'keys' has 1001 entries", s3.delete_all, { bucket = bucket, keys = keys })
end)

t.test("side by side: one winner, no lost update", function()
  local key, winners = fresh(), 0
  task.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function(i)
    if put(key, "writer " .. i, { if_none_match = "*" }) then winners = winners + 1 end
  end)
  t.equal(winners, 1)
  local counter = fresh()
  put(counter, "0")
  local function increment()
    while true do
      local now = get(counter)
      if put(counter, tostring(tonumber(now.body) + 1), { if_match = now.etag }) then return end
    end
  end
  local jobs = {}
  for i = 1, 24 do jobs[i] = i end
  task.map(jobs, increment)
  t.equal(get(counter).body, "24")
end)

t.test("arguments stay alive when their table changes meanwhile", function()
  local key = fresh()
  local options = { bucket = bucket, key = key .. "x", body = ("y"):rep(1000000),
    metadata = { [("n"):rep(100)] = ("v"):rep(100) } }
  local wanted = etag_of(options.body)
  task.all {
    function() t.equal(s3.put(options).etag, wanted) end,
    function()
      options.body, options.key, options.metadata = nil, nil, nil
      collectgarbage()
    end,
  }
  t.equal(get(key .. "x").metadata, { [("n"):rep(100)] = ("v"):rep(100) })
end)

t.test("a body stays alive while it is written", function()
  local key = fresh()
  put(key, ("z"):rep(1000000))
  task.map({ 1, 2, 3, 4 }, function(i)
    put(key .. i, get(key, { as = "bytes" }).body)
    collectgarbage()
  end)
  for i = 1, 4 do t.equal(#get(key .. i).body, 1000000) end
  local made = task.map({ 1, 2, 3, 4 }, function(i)
    local written = put(key .. i, (string.char(64 + i)):rep(100000))
    collectgarbage()
    return written.etag
  end)
  for i = 1, 4 do t.equal(made[i], etag_of((string.char(64 + i)):rep(100000))) end
end)
