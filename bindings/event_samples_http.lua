-- Sample requests over HTTP, as API Gateway, function URLs and load balancers send them. A part of
-- event_samples.lua: a list of {name, description, build, fields}.

local core = require "events_core"
local json = require "json"
local percent = require "lunette.percent"

local host = "example.execute-api.us-east-1.amazonaws.com"

-- The body, and whether it is base64.
local function body_of(fields)
  if fields.body == nil then return json.null, false end
  if utf8.len(fields.body) and not fields.base64 then return fields.body, false end
  return core.base64_encode(fields.body), true
end

-- "a=1&b" -> {a = "1", b = ""} and {a = {"1"}, b = {""}}; null and null for no query. `decode`: as
-- API Gateway does, and load balancers don't.
local function query_of(fields, decode)
  if fields.query == "" then return json.null, json.null end
  local single, multiple = {}, {}
  for part in fields.query:gmatch("[^&]+") do
    local name, value = part:match("^([^=]*)=?(.*)$")
    if decode then name, value = percent.form_decode(name), (percent.form_decode(value)) end
    single[name] = value
    multiple[name] = multiple[name] or json.array {}
    table.insert(multiple[name], value)
  end
  return single, multiple
end

local function headers_of(fields)
  local headers = {
    accept = "*/*", host = host, ["user-agent"] = "curl/8.5.0",
    ["x-forwarded-for"] = "127.0.0.1", ["x-forwarded-port"] = "443",
    ["x-forwarded-proto"] = "https",
  }
  if fields.body ~= nil then headers["content-type"] = fields.content_type end
  return headers
end

local function lists_of(headers)
  local lists = {}
  for name, value in pairs(headers) do lists[name] = json.array { value } end
  return lists
end

-- REST APIs: format 1.
local function api_1(fields)
  local headers = headers_of(fields)
  local body, is_base64 = body_of(fields)
  local query, query_lists = query_of(fields, true)
  return {
    resource = "/{proxy+}",
    path = fields.path,
    httpMethod = fields.method,
    headers = headers,
    multiValueHeaders = lists_of(headers),
    queryStringParameters = query,
    multiValueQueryStringParameters = query_lists,
    pathParameters = { proxy = fields.path:sub(2) },
    stageVariables = json.null,
    requestContext = {
      accountId = "123456789012", apiId = "example", domainName = host, httpMethod = fields.method,
      identity = { sourceIp = "127.0.0.1", userAgent = "curl/8.5.0" },
      path = "/prod" .. fields.path, protocol = "HTTP/1.1", resourcePath = "/{proxy+}",
      requestId = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", requestTimeEpoch = 0, stage = "prod",
    },
    body = body,
    isBase64Encoded = is_base64,
  }
end

-- HTTP APIs and function URLs: format 2.
local function api_2(fields, domain)
  local body, is_base64 = body_of(fields)
  local query = query_of(fields, true)
  return {
    version = "2.0",
    routeKey = "$default",
    rawPath = fields.path,
    rawQueryString = fields.query,
    headers = headers_of(fields),
    queryStringParameters = query ~= json.null and query or nil,
    requestContext = {
      accountId = "123456789012", apiId = "example", domainName = domain, domainPrefix = "example",
      http = { method = fields.method, path = fields.path, protocol = "HTTP/1.1",
        sourceIp = "127.0.0.1", userAgent = "curl/8.5.0" },
      requestId = "JKJaXmPLvHcESHA=", routeKey = "$default", stage = "$default", timeEpoch = 0,
    },
    body = body ~= json.null and body or nil,
    isBase64Encoded = is_base64,
  }
end

local function http_api(fields)
  return api_2(fields, host)
end

local function function_url(fields)
  return api_2(fields, "example.lambda-url.us-east-1.on.aws")
end

local function alb(fields)
  local headers = headers_of(fields)
  local body, is_base64 = body_of(fields)
  local query, query_lists = query_of(fields, false)
  if query == json.null then query, query_lists = {}, {} end
  return {
    requestContext = { elb = { targetGroupArn =
      "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/images/6d0ecf831eec9f09" } },
    httpMethod = fields.method,
    path = fields.path,
    queryStringParameters = not fields.multi_value and query or nil,
    multiValueQueryStringParameters = fields.multi_value and query_lists or nil,
    headers = not fields.multi_value and headers or nil,
    multiValueHeaders = fields.multi_value and lists_of(headers) or nil,
    body = body ~= json.null and body or "",
    isBase64Encoded = is_base64,
  }
end

local function fields_with(more)
  local fields = {
    method = { "string", default = "GET", filled = true },
    path = { "string", default = "/", filled = true },
    query = { "string", default = "" },
    body = { "string" },
    content_type = { "string", default = "application/json" },
    base64 = { "boolean" },
  }
  for name, rule in pairs(more or {}) do fields[name] = rule end
  return fields
end

return {
  {
    name = "rest-api",
    description = "a request through API Gateway's REST API (format 1)",
    build = api_1, fields = fields_with(),
  },
  {
    name = "http-api",
    description = "a request through API Gateway's HTTP API (format 2)",
    build = http_api, fields = fields_with(),
  },
  {
    name = "function-url",
    description = "a request to a function's own URL",
    build = function_url, fields = fields_with(),
  },
  {
    name = "alb",
    description = "a request through a load balancer; multi_value: as its target group may be set",
    build = alb, fields = fields_with { multi_value = { "boolean" } },
  },
}
