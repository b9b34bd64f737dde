-- What the recipes answer over HTTP, through every service, and to whoever calls them by hand.
local t = ...

local core = require "events_core"
local dynamodb = require "dynamodb"
local events = require "events"
local host = require "host"
local image = require "image"
local json = require "json"
local pipeline = require "pipeline"
local places = require "commands.places"
local s3 = require "s3"

local services = { "rest-api", "http-api", "function-url", "alb" }

local function load(name)
  assert(host.load_handler("scripts/recipes/" .. name .. ".lua"))
  places.declare()
end

local function invoke(event)
  local answer, err = host.invoke(json.encode(event))
  if not answer then error(tostring(err)) end
  return json.decode(answer)
end

-- status, decoded body, headers
local function ask(service, fields, headers)
  local event = events.sample(service, fields)
  for name, value in pairs(headers or {}) do
    event.headers[name] = value
    if event.multiValueHeaders then event.multiValueHeaders[name] = json.array { value } end
  end
  local answer = invoke(event)
  local got = answer.headers or {}
  for name, list in pairs(answer.multiValueHeaders or {}) do got[name] = list[1] end
  local body = answer.isBase64Encoded and core.base64_decode(answer.body) or answer.body
  if got["content-type"] == "application/json" then body = json.decode(body) end
  return answer.statusCode, body, got
end

local function post(service, path, body)
  return ask(service, { method = "POST", path = path, content_type = "application/json",
    body = type(body) == "string" and body or json.encode(body) })
end

s3.put { bucket = "uploads", key = "a/b c.jpg", body = t.read("build/samples/harbour.jpg") }
s3.put { bucket = "uploads", key = "text.jpg", body = "no photo at all" }
s3.put { bucket = "uploads", key = "cut.jpg", body = t.read("build/samples/broken.jpg") }

t.test("thumbnail_api: where a thumbnail is, and how large", function()
  load "thumbnail_api"
  for _, service in ipairs(services) do
    local status, body, headers = post(service, "/thumbnails", { bucket = "uploads", key = "a/b c.jpg" })
    t.equal(status, 200, service)
    t.equal(headers["cache-control"], "no-store", service)
    local object = s3.get { bucket = body.bucket, key = body.key }
    t.equal(body, { bucket = "images", key = "thumbnails/a/b c.jpg", type = "image/jpeg",
      width = 128, height = 128, size = object.size }, service)
    local info = image.probe(object.body)
    t.equal({ info.width, info.height, object.cache_control },
      { 128, 128, "public, max-age=300, s-maxage=3600" }, service)
  end
end)

t.test("thumbnail_api: what can't be answered, and why", function()
  load "thumbnail_api"
  local shape = [[the body should be {"bucket": "...", "key": "..."}]]
  local cases = {
    { 400, shape, {} }, { 400, shape, { bucket = "uploads" } }, { 400, shape, "7" },
    { 400, shape, { bucket = "uploads", key = 7 } }, { 400, shape, { bucket = "uploads", key = "" } },
    { 400, "JSON", "{" },
    { 403, "photos are in uploads", { bucket = "images", key = "images.json" } },
    { 403, "photos are in uploads", { bucket = "somebody-elses", key = "a.jpg" } },
    { 404, "there is no photo 'none.jpg' in uploads", { bucket = "uploads", key = "none.jpg" } },
    { 422, "not an image", { bucket = "uploads", key = "text.jpg" } },
    { 422, "truncated or damaged", { bucket = "uploads", key = "cut.jpg" } },
  }
  for _, service in ipairs(services) do
    for i, case in ipairs(cases) do
      local status, body = post(service, "/thumbnails", case[3])
      local what = ("%s, case %d"):format(service, i)
      t.equal(status, case[1], what)
      t.ok(body.message:find(case[2], 1, true), what .. ": " .. body.message .. ":")
    end
    t.equal(ask(service, { method = "DELETE", path = "/thumbnails" }), 405, service)
    t.equal(ask(service, { method = "GET", path = "/" }), 404, service)
  end
end)

t.test("thumbnail_api: the picture itself, as CloudFront may keep it", function()
  load "thumbnail_api"
  for _, service in ipairs(services) do
    local fields = { method = "GET", path = "/thumbnails/a/b%20c.jpg" }
    local status, body, headers = ask(service, fields)
    t.equal({ status, headers["content-type"], headers["cache-control"] },
      { 200, "image/jpeg", "public, max-age=300, s-maxage=3600" }, service)
    t.equal(image.probe(body).width, 128, service)
    local again, nothing = ask(service, fields, { ["if-none-match"] = headers.etag })
    t.equal({ again, nothing }, { 304, "" }, service)
    t.equal(ask(service, { method = "GET", path = "/thumbnails/none.jpg" }), 404, service)
  end
end)

t.test("thumbnail_api: with a table, an item for each photo, whoever asked how often", function()
  local folder = t.folder()
  local source = t.read("scripts/recipes/thumbnail_api.lua"):gsub('env%.get "METADATA_TABLE"', '"things"')
  local file = assert(io.open(folder .. "/handler.lua", "wb"))
  file:write(source)
  file:close()
  assert(host.load_handler(folder .. "/handler.lua"))
  for _, service in ipairs(services) do
    post(service, "/thumbnails", { bucket = "uploads", key = "a/b c.jpg" })
  end
  t.equal(dynamodb.scan({ table = "things" }).items, { { id = pipeline.id("uploads", "a/b c.jpg"),
    original_file = "a/b c.jpg", processed_file = "thumbnails/a/b c.jpg" } })
end)

t.test("fixed_size: an address and a form for exactly one upload", function()
  load "fixed_size"
  for _, service in ipairs(services) do
    local status, body = post(service, "/uploads", { name = "cat.jpg", type = "image/jpeg", size = 1234 })
    t.equal(status, 200, service)
    t.ok(body.key:find("^%x[%x-]+/cat%.jpg$") and #body.key == 36 + 8, service .. ": key")
    t.equal(body.put.headers, { ["Content-Type"] = "image/jpeg", ["Content-Length"] = "1234" }, service)
    t.ok(body.put.url:find("SignedHeaders=content-length%3Bcontent-type%3Bhost", 1, true), service)
    t.equal({ body.post.fields.key, body.post.fields["Content-Type"] }, { body.key, "image/jpeg" }, service)
    local policy = json.decode(core.base64_decode(body.post.fields.policy or body.post.fields.Policy))
    local range
    for _, condition in ipairs(policy.conditions) do
      if condition[1] == "content-length-range" then range = condition end
    end
    t.equal(range, { "content-length-range", 0, 20000000 }, service)
  end
end)

t.test("fixed_size: what may not be uploaded", function()
  load "fixed_size"
  local cases = {
    { 400, "name:", { type = "image/jpeg", size = 1 } },
    { 400, "name:", { name = "../a.jpg", type = "image/jpeg", size = 1 } },
    { 400, "name:", { name = ("x"):rep(101), type = "image/jpeg", size = 1 } },
    { 400, "type:", { name = "a.jpg", type = "text/html", size = 1 } },
    { 400, "type:", { name = "a.jpg", type = "image/jpeg\r\nx", size = 1 } },
    { 413, "size:", { name = "a.jpg", type = "image/jpeg", size = 20000001 } },
    { 400, "size:", { name = "a.jpg", type = "image/jpeg", size = 0 } },
    { 400, "size:", { name = "a.jpg", type = "image/jpeg" } },
    { 400, "should be an object", "7" },
  }
  for i, case in ipairs(cases) do
    local status, body = post("http-api", "/uploads", case[3])
    t.equal(status, case[1], "case " .. i)
    t.ok(body.message:find(case[2], 1, true), body.message)
  end
end)

t.test("fixed_size: called by hand it answers as an API does", function()
  load "fixed_size"
  local answer = invoke { bucket = "uploads", key = "a/b c.jpg" }
  local records = json.decode(answer.body)
  t.equal({ answer.statusCode, records[1].status, records[1].variants[1].key },
    { 200, "done", "processed-a/b c.jpg" })
  local item = dynamodb.scan({ table = "image-metadata" }).items[1]
  t.equal({ item.original_size, item.processed_size, item.processed_key, item.source_bucket,
    item.destination_bucket }, { "1680x1120", "300x300", "processed-a/b c.jpg", "uploads", "images" })
end)

t.test("compress: the item says what was saved", function()
  load "compress"
  invoke { bucket = "uploads", key = "a/b c.jpg" }
  local item = dynamodb.scan({ table = "ImageMetadata" }).items[1]
  local resized = s3.head { bucket = "images", key = "a/resized-b c.jpg" }
  local size = #t.read("build/samples/harbour.jpg")
  t.equal({ item.sizeOriginal, item.sizeResized, item.saved, item.contentType, item.destKey },
    { size, resized.size, size - resized.size, "image/jpeg", "a/resized-b c.jpg" })
  t.equal(item.savedPercent, math.floor(100 * (size - resized.size) / size + 0.5))
  t.ok(item.resizedAt:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$"), item.resizedAt)
end)
