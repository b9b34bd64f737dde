-- s3.presign and s3.presign_post on the embedded store: the shape of what they give, and every
-- complaint. What servers make of them is in tests/contract/radosgw/presign_test.sh.

local t = ...
local s3, task, hash, json = require "s3", require "task", require "hash", require "json"

local function decode(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- scheme, host, path as it is sent, and the query's decoded values by name
local function split(url)
  local scheme, host, path, query = url:match "^(%w+)://([^/]+)(/[^?]*)%?(.*)$"
  local values = {}
  for name, value in query:gmatch "([^&=]+)=([^&]*)" do values[decode(name)] = decode(value) end
  return scheme, host, path, values
end

local function presign(fields)
  local options = { bucket = "photos", key = "cat.jpg" }
  for name, value in pairs(fields or {}) do options[name] = value end
  return s3.presign(options)
end

local function presign_post(fields)
  local options = { bucket = "photos", max_bytes = 1000 }
  if not (fields and fields.key_starts_with) then options.key = "cat.jpg" end
  for name, value in pairs(fields or {}) do options[name] = value end
  return s3.presign_post(options)
end

local function soon(expires, seconds)
  t.equal(math.type(expires), "integer")
  t.ok(math.abs(expires / 1000 - os.time() - seconds) < 60, "expires in " .. seconds .. " s")
end

t.test("an address that nobody can mistake for a live one", function()
  local url, how = presign()
  local scheme, host, path, query = split(url)
  t.equal({ scheme, host, path }, { "http", "photos.s3.lunette.invalid", "/cat.jpg" })
  t.equal(query["X-Amz-Algorithm"], "AWS4-HMAC-SHA256")
  t.equal(query["X-Amz-Expires"], "3600")
  t.equal(query["X-Amz-SignedHeaders"], "host")
  t.ok(query["X-Amz-Credential"]:find("^AKIAIOSFODNN7EXAMPLE/%d+/us%-east%-1/s3/aws4_request$"))
  t.ok(query["X-Amz-Date"]:find("^%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ$"))
  t.ok(query["X-Amz-Signature"]:find("^" .. ("%x"):rep(64) .. "$"))
  soon(how.expires, 3600)
  how.expires = nil
  t.equal(how, { method = "GET", headers = {} })
end)

t.test("needs no bucket and no object, in tasks and side by side", function()
  local urls = task.map({ "GET", "HEAD", "PUT", "DELETE" }, function(method)
    local url, how = presign { bucket = "nobody-made-this", method = method, expires_s = 604800 }
    t.equal(how.method, method)
    soon(how.expires, 604800)
    return url
  end)
  local seen = {}
  for _, url in ipairs(urls) do
    t.ok(not seen[url], "two methods have the same address")
    seen[url] = true
  end
end)

t.test("keys are encoded once and otherwise as they are", function()
  local keys = {
    ["a b"] = "/a%20b", ["a+b"] = "/a%2Bb", ["100%"] = "/100%25", ["%2F"] = "/%252F",
    ["a//b"] = "/a//b", ["a/../b"] = "/a/../b", ["./a"] = "/./a", ["/a"] = "//a", ["a/"] = "/a/",
    ["ü😀"] = "/%C3%BC%F0%9F%98%80", ["?#&="] = "/%3F%23%26%3D", ["a\1\127"] = "/a%01%7F",
    [("k"):rep(1024)] = "/" .. ("k"):rep(1024),
  }
  for key, wanted in pairs(keys) do
    local _, _, path = split((presign { key = key }))
    t.equal(path, wanted)
  end
end)

t.test("what the answer is to look like is in the query", function()
  local values = {
    response_content_type = "image/jpeg", response_cache_control = "no-store, max-age=0",
    response_content_disposition = 'attachment; filename="a b+c.jpg"',
    response_content_encoding = "identity",
  }
  for _, method in ipairs { "GET", "HEAD" } do
    values.method, values.version_id = method, "v+/=1"
    local url, how = presign(values)
    local _, _, _, query = split(url)
    for name, value in pairs(values) do
      if name:find "^response" then t.equal(query[name:gsub("_", "-")], value) end
    end
    t.equal(query.versionId, "v+/=1")
    t.equal(how.headers, {})
  end
end)

t.test("what the sender has to send is told and signed", function()
  local url, how = presign {
    method = "PUT", content_type = "image/jpeg", cache_control = "max-age=60",
    content_disposition = "inline", content_encoding = "identity", storage_class = "STANDARD_IA",
    metadata = { author = "Ann" }, tags = { ["a b"] = "c/d" }, if_none_match = "*",
    content_length = 0,
  }
  t.equal(how.headers, {
    ["Content-Type"] = "image/jpeg", ["Cache-Control"] = "max-age=60",
    ["Content-Disposition"] = "inline", ["Content-Encoding"] = "identity",
    ["x-amz-storage-class"] = "STANDARD_IA", ["x-amz-meta-author"] = "Ann",
    ["x-amz-tagging"] = "a%20b=c%2Fd", ["If-None-Match"] = "*", ["Content-Length"] = "0",
  })
  local _, _, _, query = split(url)
  local names = { "host" }
  for name in pairs(how.headers) do names[#names + 1] = name:lower() end
  table.sort(names)
  t.equal(query["X-Amz-SignedHeaders"], table.concat(names, ";"))
end)

t.test("wrong addresses name what is wrong", function()
  local cases = {
    { {}, "field 'bucket' is missing" },
    { { bucket = "photos" }, "field 'key' is missing" },
    { { method = "POST" }, "field 'method' is 'POST', expected one of GET, HEAD, PUT, DELETE" },
    { { method = "get" }, "field 'method' is 'get', expected one of GET, HEAD, PUT, DELETE" },
    { { expires_s = 0 }, "field 'expires_s' is 0, expected 1 to 604800" },
    { { expires_s = 604801 }, "field 'expires_s' is 604801, expected 1 to 604800" },
    { { expires_s = "60" }, "field 'expires_s' is a string, expected an integer" },
    { { expires = 60 }, "unknown field 'expires', did you mean 'expires_s'?" },
    { { key = "" }, "InvalidArgument: key is empty" },
    { { key = ("k"):rep(1025) }, "KeyTooLongError" },
    { { key = "\xFF" }, "InvalidURI" },
    { { key = "a\0b" }, "InvalidURI" },
    { { bucket = "Photos" }, "InvalidBucketName: 'Photos'" },
    { { bucket = "photos--x-s3" }, "NotImplemented" },
    { { content_type = "a/b" }, "field 'content_type' has no effect with method GET" },
    { { method = "HEAD", metadata = {} }, "field 'metadata' has no effect with method HEAD" },
    { { method = "PUT", version_id = "1" }, "field 'version_id' has no effect with method PUT" },
    { { method = "DELETE", response_content_type = "a/b" },
      "field 'response_content_type' has no effect with method DELETE" },
    { { response_content_disposition = "filename=ü" }, "response_content_disposition has the byte" },
    { { version_id = "" }, "version_id has 0 bytes" },
    { { method = "PUT", content_length = -1 }, "field 'content_length' is -1, expected 0 to" },
    { { method = "PUT", content_length = 5368709121 }, "expected 0 to 5368709120" },
    { { method = "PUT", content_type = "a\r\nb: c" }, "content_type has the byte 0x0D" },
    { { method = "PUT", if_none_match = '"e"' }, "if_none_match of a write is" },
    { { method = "PUT", metadata = { A = "b" } }, "metadata name 'A'" },
    { { method = "PUT", metadata = { a = 1 } }, "field 'metadata.a' is a number" },
  }
  for _, case in ipairs(cases) do
    local options, wanted = table.unpack(case)
    if not wanted:find "is missing" then
      options.bucket, options.key = options.bucket or "photos", options.key or "k"
    end
    t.raises(wanted, s3.presign, options)
  end
  t.equal(t.raises("", s3.presign, { bucket = "photos", key = "" }).operation, "s3.presign")
end)

-- ---- forms ----

local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function from_base64(text)
  local bits, count, bytes = 0, 0, {}
  for digit in text:gmatch "[%w+/]" do
    bits, count = bits << 6 | digits:find(digit, 1, true) - 1, count + 6
    if count >= 8 then
      count = count - 8
      bytes[#bytes + 1] = string.char(bits >> count & 255)
    end
  end
  return table.concat(bytes)
end

local function hmac(key, text, encoding)
  return hash.hmac_sha256 { key = key, text = text, encoding = encoding or "raw" }
end

-- The policy of a form, after a look at its signature, and that it mentions every field.
local function policy_of(form)
  local fields = form.fields
  local key = "AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  for part in fields["x-amz-credential"]:match("/(.*)$"):gmatch "[^/]+" do key = hmac(key, part) end
  t.equal(fields["x-amz-signature"], hmac(key, fields.policy, "hex"))
  local policy = json.decode(from_base64(fields.policy))
  local mentioned = { policy = true, ["x-amz-signature"] = true, file = true }
  for _, condition in ipairs(policy.conditions) do
    if type(condition[2]) == "string" then
      mentioned[condition[2]:match "^%$(.*)$"] = true
    else
      for name, value in pairs(condition) do
        mentioned[name] = true
        if type(name) == "string" and name ~= "bucket" then t.equal(fields[name], value) end
      end
    end
  end
  for name in pairs(fields) do t.ok(mentioned[name], "a condition for " .. name) end
  return policy
end

local function has_condition(policy, wanted)
  for _, condition in ipairs(policy.conditions) do
    if json.encode(condition) == json.encode(wanted) then return true end
  end
  return false
end

t.test("a form in the shape that browsers and other SDKs use", function()
  local form = presign_post {
    key = 'in/"a b"/ü.jpg', content_type = "image/jpeg", cache_control = "no-cache",
    content_disposition = "inline", content_encoding = "identity", storage_class = "STANDARD_IA",
    metadata = { author = "Ann" }, success_action_status = 201,
    success_action_redirect = "https://example.com/done", min_bytes = 1, max_bytes = 5000,
    expires_s = 60,
  }
  t.equal(form.url, "http://photos.s3.lunette.invalid/")
  soon(form.expires, 60)
  local policy = policy_of(form)
  t.equal(policy.expiration, os.date("!%Y-%m-%dT%H:%M:%S.000Z", form.expires // 1000))
  t.ok(has_condition(policy, { "content-length-range", 1, 5000 }))
  t.ok(has_condition(policy, { bucket = "photos" }))
  form.fields.policy, form.fields["x-amz-signature"] = nil, nil
  form.fields["x-amz-date"], form.fields["x-amz-credential"] = nil, nil
  t.equal(form.fields, {
    key = 'in/"a b"/ü.jpg', ["Content-Type"] = "image/jpeg", ["Cache-Control"] = "no-cache",
    ["Content-Disposition"] = "inline", ["Content-Encoding"] = "identity",
    ["x-amz-storage-class"] = "STANDARD_IA", ["x-amz-meta-author"] = "Ann",
    success_action_status = "201", success_action_redirect = "https://example.com/done",
    ["x-amz-algorithm"] = "AWS4-HMAC-SHA256",
  })
end)

t.test("a form that leaves key and type to the sender", function()
  local form = presign_post { key_starts_with = "in/7/", content_type_starts_with = "image/" }
  local policy = policy_of(form)
  t.equal(form.fields.key, "in/7/${filename}")
  t.equal(form.fields["Content-Type"], nil)
  t.ok(has_condition(policy, { "starts-with", "$key", "in/7/" }))
  t.ok(has_condition(policy, { "starts-with", "$Content-Type", "image/" }))
  t.ok(has_condition(policy, { "content-length-range", 0, 1000 }))
  t.ok(not has_condition(policy_of(presign_post()), { "starts-with", "$Content-Type", "image/" }))
end)

t.test("wrong forms name what is wrong", function()
  local either = "give 'key' (exactly this) or 'key_starts_with'"
  local many = {}
  for i = 1, 47 do many["n" .. i] = "v" end
  local cases = {
    { { key = "k" }, "field 'max_bytes' is missing" },
    { { max_bytes = 1 }, either },
    { { max_bytes = 1, key = "k", key_starts_with = "k" }, either },
    { { max_bytes = 0, key = "k" }, "field 'max_bytes' is 0, expected 1 to 5368709120" },
    { { max_bytes = 5368709121, key = "k" }, "field 'max_bytes' is 5368709121" },
    { { max_bytes = 1, key = "k", min_bytes = -1 }, "field 'min_bytes' is -1, expected 0 to" },
    { { max_bytes = 1, key = "k", min_bytes = 2 }, "field 'min_bytes' is 2, more than max_bytes" },
    { { max_bytes = 1, key = "k", expires_s = 604801 }, "field 'expires_s' is 604801" },
    { { max_bytes = 1, key = "k", max_size = 1 }, "unknown field 'max_size'" },
    { { max_bytes = 1, key = "k", tags = {} }, "unknown field 'tags'" },
    { { max_bytes = 1, key = "" }, "InvalidArgument: key is empty" },
    { { max_bytes = 1, key_starts_with = "" }, "field 'key_starts_with' is empty" },
    { { max_bytes = 1, key = "in/${filename}" }, "can't hold ${filename}" },
    { { max_bytes = 1, key = "k", content_type = "a/b", content_type_starts_with = "a" },
      "'content_type' and 'content_type_starts_with' exclude each other" },
    { { max_bytes = 1, key = "k", content_type_starts_with = "\n" },
      "content_type_starts_with has the byte 0x0A" },
    { { max_bytes = 1, key = "k", success_action_status = 202 },
      "field 'success_action_status' is 202, expected 200, 201 or 204" },
    { { max_bytes = 1, key = "k", success_action_redirect = "javascript:1" },
      "field 'success_action_redirect' does not begin with https:// or http://" },
    { { max_bytes = 1, key = "k", metadata = many }, "at most 46" },
    { { max_bytes = 1, key = "k", bucket = "a..b" }, "InvalidBucketName" },
  }
  for _, case in ipairs(cases) do
    local options, wanted = table.unpack(case)
    options.bucket = options.bucket or "photos"
    t.raises(wanted, s3.presign_post, options)
  end
end)

t.test("neither is an effect", function()
  local effects = require "effects"
  effects.clear()
  presign { method = "PUT" }
  presign_post()
  t.equal(effects.list(), {})
end)
