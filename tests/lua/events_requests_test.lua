-- Requests over HTTP: the same request through every service, the answer in each one's form, and the
-- status of everything that can go wrong.
local t = ...

local logged = t.helper "logged"

local events = require "events"
local failure = require "failure"
local json = require "json"
local routes = require "lunette.events_routes"

local services = { "rest-api", "http-api", "function-url", "alb", "alb multi_value" }

local function sample(service, fields)
  local copy = { multi_value = service:find("multi_value") and true or nil }
  for name, value in pairs(fields) do copy[name] = value end
  return events.sample(service:match("^%S+"), copy)
end

-- What the rule got, and what it was answered with.
local function ask(event, rule, context)
  local seen
  local answer = events.handler {
    request = function(request)
      seen = request
      return rule and rule(request)
    end,
  } (event, context or {})
  json.encode(answer)
  return seen, answer
end

-- The header as the client gets it.
local function header(answer, name)
  if answer.multiValueHeaders then return table.concat(answer.multiValueHeaders[name] or {}, ", ") end
  return answer.headers[name] or ""
end

t.test("the same request is read from every service", function()
  for _, service in ipairs(services) do
    local request = ask(sample(service, { method = "POST", path = "/thumb/a%20b", body = '{"a":1}',
      query = "x=1&x=%2B+&y", content_type = "application/json" }))
    t.equal({ request.method, request.path, request.body, request.json().a },
      { "POST", "/thumb/a b", '{"a":1}', 1 }, service)
    t.equal(request.query, { x = "+ ", y = "" }, service)
    -- A load balancer that was not set to multi-value headers sends the last value only.
    local xs = service == "alb" and { "+ " } or { "1", "+ " }
    t.equal(request.query_lists, { x = xs, y = { "" } }, service)
    t.equal(request.headers["content-type"], "application/json", service)
  end
end)

t.test("a body is bytes, however it was sent", function()
  for _, service in ipairs(services) do
    local bytes = "\xFF\0\xD8" .. ("x"):rep(1000)
    local request = ask(sample(service, { method = "PUT", body = bytes }))
    t.equal(request.body, bytes, service)
    t.equal(ask(sample(service, { body = "text", base64 = true })).body, "text", service)
    t.equal(ask(sample(service, {})).body, "", service)
  end
end)

t.test("each service is answered in its form", function()
  local function rule()
    return { status = 201, headers = { ["X-A"] = "1", Vary = { "a", "b" } }, body = { ok = true },
      cookies = { "c=1" } }
  end
  for _, service in ipairs(services) do
    local _, answer = ask(sample(service, {}), rule)
    t.equal({ answer.statusCode, answer.body, answer.isBase64Encoded }, { 201, '{"ok":true}', false })
    t.equal({ header(answer, "x-a"), header(answer, "vary"), header(answer, "content-type") },
      { "1", "a, b", "application/json" }, service)
    local is_alb, is_2 = service:find("^alb"), service:find("http") or service:find("url")
    t.equal(answer.statusDescription, is_alb and "201 Created" or nil, service)
    t.equal(answer.cookies, is_2 and { "c=1" } or nil, service)
    if not is_2 then t.equal(header(answer, "set-cookie"), "c=1", service) end
    t.equal(answer.multiValueHeaders ~= nil, service == "rest-api" or service == "alb multi_value")
  end
end)

t.test("bytes are answered as base64, nothing as 204", function()
  for _, service in ipairs(services) do
    local _, answer = ask(sample(service, {}), function() return { body = "\xFF\xD8\xFF" } end)
    t.equal({ answer.body, answer.isBase64Encoded, header(answer, "content-type") },
      { "/9j/", true, "application/octet-stream" }, service)
    _, answer = ask(sample(service, {}))
    t.equal({ answer.statusCode, answer.body }, { 204, "" }, service)
    _, answer = ask(sample(service, {}), function() return { body = "grüße" } end)
    t.equal({ answer.statusCode, answer.body, header(answer, "content-type") },
      { 200, "grüße", "text/plain; charset=utf-8" }, service)
  end
end)

t.test("what goes wrong has its status, and nothing leaks", function()
  local secret = "secret-7f3a"
  local function raise(fields)
    return function() failure.raise(fields) end
  end
  local cases = {
    { function() events.reject "bucket is missing" end, 400, "bucket is missing" },
    { function() events.reject("not yours", { status = 403 }) end, 403, "not yours" },
    { function(request) request.json() end, 400, "the body is empty, JSON is expected" },
    { raise { code = "NoSuchKey", operation = "s3.get", message = secret }, 404, "Not Found" },
    { raise { code = "AccessDenied", operation = "s3.head", message = secret }, 403, "Forbidden" },
    { raise { code = "NoSuchBucket", operation = "s3.put", message = secret }, 500 },
    { raise { code = "AccessDenied", operation = "dynamodb.put", message = secret }, 500 },
    { raise { code = "bad_image", message = "truncated jpeg" }, 422, "truncated jpeg" },
    { raise { code = "unsupported", message = "it is a tiff" }, 415, "it is a tiff" },
    { raise { code = "too_large", operation = "s3.get", message = "too big" }, 413, "too big" },
    { raise { code = "limit", operation = "image.open", message = "wide" }, 422, "wide" },
    { raise { code = "limit", operation = "image.render", message = secret }, 500 },
    { raise { code = "SlowDown", retryable = true, message = secret }, 503, "Service Unavailable" },
    { raise { code = "deadline", message = secret }, 504, "Gateway Timeout" },
    { raise { code = "bad_image", message = "\xFF" }, 422, "Unprocessable Content" },
    { function() error(secret) end, 500, "Internal Server Error" },
    { function() local x = nil; return x.y end, 500 },
    { function() return "text" end, 500 },
    { function() return { statusCode = 200 } end, 500 },
    { function() return { status = 99 } end, 500 },
    { function() return { body = print } end, 500 },
    { function() return { headers = { a = "b\r\nc: d" } } end, 500 },
    { function() return { headers = { ["a b"] = "c" } } end, 500 },
    { function() return { cookies = { 7, {} } } end, 500 },
  }
  for _, service in ipairs(services) do
    for i, case in ipairs(cases) do
      logged:forget()
      local _, answer = ask(sample(service, {}), case[1], { request_id = "r1" })
      local what = ("%s, case %d"):format(service, i)
      t.equal(answer.statusCode, case[2], what)
      local body = json.decode(answer.body)
      t.equal(body.request_id, "r1", what)
      if case[3] then t.equal(body.message, case[3], what) end
      t.ok(not answer.body:find(secret, 1, true), what)
      t.equal({ #logged, logged[1].level }, { 1, case[2] >= 500 and "error" or "warn" }, what)
    end
  end
end)

t.test("requests of wrong types are answered with 400", function()
  local function spoil(service, field, value)
    local event = sample(service, { body = "x" })
    event[field] = value
    return event
  end
  local spoilt = {
    { "rest-api", "path", 7 }, { "rest-api", "httpMethod", {} }, { "alb", "headers", 7 },
    { "rest-api", "multiValueHeaders", { a = 1 } }, { "alb", "headers", { a = {} } },
    { "http-api", "rawPath", json.null }, { "http-api", "rawQueryString", 7 },
    { "http-api", "rawQueryString", "a=%zz" }, { "alb", "queryStringParameters", { a = "%" } },
    { "function-url", "body", 7 }, { "http-api", "cookies", { 1 } },
    { "http-api", "requestContext", { http = {} } },
  }
  for _, case in ipairs(spoilt) do
    local seen, answer = ask(spoil(table.unpack(case)))
    t.equal({ seen, answer.statusCode }, { nil, 400 }, case[1] .. " " .. case[2])
    t.ok(#json.decode(answer.body).message > 10)
  end
  local event = sample("http-api", { body = "***", base64 = true })
  event.body = "***"
  local _, answer = ask(event)
  t.equal(answer.statusCode, 400)
  for _, body in ipairs { "{", "[1,", "x", ("["):rep(500), ("x"):rep(6 << 20) } do
    _, answer = ask(sample("http-api", { body = body }), function(request) request:json() end)
    t.equal(answer.statusCode, 400)
    t.ok(json.decode(answer.body).message:find("the body is no JSON", 1, true))
  end
end)

t.test("no rule for requests is a 404, and no upload's rule sees one", function()
  for _, service in ipairs(services) do
    local event = sample(service, { path = "/x", body = json.encode(events.sample "s3-put") })
    local handler = events.handler { created = function() error "called" end }
    t.equal(handler(event, {}).statusCode, 404, service)
  end
end)

t.test("routes", function()
  local function named(name)
    return function(request) return { body = { name, request.parameters } } end
  end
  local handler = events.handler { request = {
    ["GET /"] = named "root", ["GET /images/{name}"] = named "one", ["PUT /images/{name}"] = named "put",
    ["GET /images/list"] = named "list", ["ANY /files/{path+}"] = named "files",
    ["POST /images"] = named "post",
  } }
  local cases = {
    { "GET", "/", 200, "root", {} },
    { "GET", "/images/a%2Fb%20c", 200, "one", { name = "a/b c" } },
    { "GET", "/images/list", 200, "list", {} },
    { "GET", "/images/list/", 200, "list", {} },
    { "PUT", "/images/list", 200, "put", { name = "list" } },
    { "DELETE", "/files/a/b%20c", 200, "files", { path = "a/b c" } },
    { "GET", "/images", 405, "POST" }, { "DELETE", "/images/x", 405, "PUT, GET" },
    { "GET", "/files", 404 }, { "GET", "/images/a/b", 404 }, { "GET", "/nothing", 404 },
    { "GET", "images", 404 }, { "HEAD", "/", 200 },
  }
  for _, service in ipairs(services) do
    for _, case in ipairs(cases) do
      local answer = handler(sample(service, { method = case[1], path = case[2] }), {})
      local what = table.concat({ service, case[1], case[2] }, " ")
      t.equal(answer.statusCode, case[3], what)
      if case[5] then
        local body = json.decode(answer.body)
        if service == "rest-api" then body[2].proxy = nil end
        t.equal(body, { case[4], case[5] }, what)
      elseif case[4] then
        t.equal(header(answer, "allow"), case[4], what)
      elseif case[1] == "HEAD" then
        t.equal(answer.body, "", what)
      end
    end
  end
end)

t.test("routes that are none are refused when they are made", function()
  local function rule() end
  for _, case in ipairs { { { ["GET"] = rule }, "route 'GET' is not 'METHOD /path'" },
    { { ["get /"] = rule }, "is not 'METHOD /path'" }, { { ["FETCH /"] = rule }, "is not 'METHOD /path'" },
    { { ["GET /{a+}/b"] = rule }, "'{a+}' is no segment there" },
    { { ["GET /x{a}"] = rule }, "'x{a}' is no segment there" }, { { rule }, "a route without a name" },
    { { ["GET /"] = 7 }, "route 'GET /' is no function" }, { 7, "neither a function nor a table" } } do
    local err = t.raises(case[2], function() events.handler { request = case[1] } end)
    t.equal(err.code, "usage")
    t.ok(err.where:find("events_requests_test", 1, true), err.where)
  end
  t.equal({ routes.compile {}("GET", "/") }, {})
end)

t.test("an HTTP API's stage is no part of the path", function()
  for path, wanted in pairs { ["/prod/x"] = "/x", ["/prod"] = "/", ["/production"] = "/production" } do
    local event = sample("http-api", { path = path })
    event.requestContext.stage = "prod"
    t.equal(ask(event).path, wanted)
  end
end)

t.test("a load balancer's limits are said", function()
  local _, answer = ask(sample("alb", {}), function() return { body = ("x"):rep(1024 * 1024 + 1) } end)
  t.equal(answer.statusCode, 500)
  t.ok(logged[#logged].fields.reason:find("a load balancer takes 1048576", 1, true))
  _, answer = ask(sample("alb", {}), function() return { cookies = { "a=1", "b=2" } } end)
  t.equal(answer.statusCode, 500)
  t.ok(logged[#logged].fields.reason:find("lambda.multi_value_headers.enabled", 1, true))
  _, answer = ask(sample("alb multi_value", {}), function() return { cookies = { "a=1", "b=2" } } end)
  t.equal(answer.multiValueHeaders["set-cookie"], { "a=1", "b=2" })
end)

t.test("AWS's own samples", function()
  local read = function(name) return json.decode(t.read(t.corpus("events/" .. name))) end
  local cases = {
    ["apigw-request.json"] = { "rest_api", "POST", "/hello/world", { name = "me" }, { a = 1 } },
    ["apigw-v2-request-no-authorizer.json"] = { "http_api", "GET", "/", {} },
    ["lambda-urls-request.json"] =
      { "http_api", "POST", "/my/path", { parameter1 = "value2", parameter2 = "value" } },
    ["alb-lambda-target-request-headers-only.json"] = { "alb", "GET", "/", { key = "hello" } },
    ["alb-lambda-target-request-multivalue-headers.json"] = { "alb", "GET", "/", { key = "hello" } },
  }
  cases["lambda-urls-request.json"][1] = "function_url"
  for name, wanted in pairs(cases) do
    local request = ask(read(name))
    t.equal({ request.via, request.method, request.path, request.query }, { table.unpack(wanted, 1, 4) }, name)
    if wanted[5] then t.equal(request.json(), wanted[5], name) end
  end
  t.equal(ask(read "lambda-urls-request.json").headers.cookie, "cookie1; cookie2")
end)
