-- Requests over HTTP, whichever service brought them, in one shape; and answers in the form that
-- this service expects: API Gateway's REST and HTTP APIs, function URLs, load balancers. No I/O.
-- For events.lua; the shapes are events.request and events.answer in bindings/api/events.lua.
--
--   local form = requests.form_of(event)          nil when it is no request
--   local request = requests.read(event, form)    raises `bad_request`
--   return requests.answer(answer, form, event)

local check = require "lunette.check"
local core = require "events_core"
local failure = require "failure"
local json = require "json"
local percent = require "lunette.percent"

local requests = {}

local alb_bytes_max = 1024 * 1024 -- the most that a load balancer takes from a function

local function bad_request(format, ...)
  failure.raise { code = "bad_request", message = format:format(...), retryable = false }
end

local function table_or_empty(value)
  return type(value) == "table" and value or {}
end

-- ---- reading -----------------------------------------------------------------------------------

local function text_of(value, place)
  if type(value) ~= "string" then bad_request("%s is not a string", place) end
  return value
end

-- {name = {value, ...}} of the two ways in which an event says it, of which the fuller one counts.
local function values_of(event, single, multiple)
  local lists = event[multiple]
  local is_multiple = type(lists) == "table"
  local source = is_multiple and lists or event[single]
  if source == nil or source == json.null then return {} end
  local place = is_multiple and multiple or single
  if type(source) ~= "table" then bad_request("%s is not an object", place) end
  local values = {}
  for name, value in pairs(source) do
    local list = is_multiple and value or { value }
    if type(name) ~= "string" or type(list) ~= "table" then
      bad_request("%s is not an object of texts", place)
    end
    values[name] = {}
    for i, text in ipairs(list) do values[name][i] = text_of(text, place .. "." .. name) end
  end
  return values
end

-- One value each, in lower case, as HTTP joins what comes several times.
local function headers_of(event, cookies)
  local headers = {}
  for name, list in pairs(values_of(event, "headers", "multiValueHeaders")) do
    local lower = name:lower()
    headers[lower] = table.concat(list, lower == "cookie" and "; " or ", ")
  end
  if type(cookies) == "table" and #cookies > 0 then
    for _, cookie in ipairs(cookies) do text_of(cookie, "cookies") end
    headers.cookie = table.concat(cookies, "; ")
  end
  return headers
end

local function decoded_query(text)
  local decoded, bad_escape = percent.form_decode(text)
  if bad_escape then bad_request("the query has '%s' in it, which is no escape", bad_escape) end
  return decoded
end

-- "a=1&a=2&b" -> {a = {"1", "2"}, b = {""}}
local function parse_query(text)
  local values = {}
  for part in text:gmatch("[^&]+") do
    local name, value = part:match("^([^=]*)=?(.*)$")
    name = decoded_query(name)
    values[name] = values[name] or {}
    table.insert(values[name], decoded_query(value))
  end
  return values
end

-- Load balancers pass on the query's names and values as they were sent.
local function decoded_values(values)
  local decoded = {}
  for name, list in pairs(values) do
    local texts = {}
    for i, text in ipairs(list) do texts[i] = decoded_query(text) end
    decoded[decoded_query(name)] = texts
  end
  return decoded
end

local function query_of(event, form)
  if form.version == 2 and event.rawQueryString ~= nil then
    return parse_query(text_of(event.rawQueryString, "rawQueryString"))
  end
  local values = values_of(event, "queryStringParameters", "multiValueQueryStringParameters")
  return form.via == "alb" and decoded_values(values) or values
end

local function last_values(lists)
  local last = {}
  for name, list in pairs(lists) do last[name] = list[#list] end
  return last
end

local function body_of(event)
  local body = event.body
  if body == nil or body == json.null then return "" end
  text_of(body, "body")
  if event.isBase64Encoded ~= true then return body end
  local bytes = core.base64_decode(body)
  if not bytes then bad_request("body is not base64, as isBase64Encoded says") end
  return bytes
end

-- An HTTP API writes its stage before the path, a REST API does not.
local function path_of(event, form)
  if form.version ~= 2 then return text_of(event.path, "path") end
  local path = text_of(event.rawPath, "rawPath")
  local stage = event.requestContext.stage
  if type(stage) ~= "string" or stage == "$default" then return path end
  local prefix = "/" .. stage
  if path == prefix then return "/" end
  return path:sub(1, #prefix + 1) == prefix .. "/" and path:sub(#prefix + 1) or path
end

local function method_of(event, form)
  if form.version == 2 then
    return text_of(event.requestContext.http.method, "requestContext.http.method"):upper()
  end
  return text_of(event.httpMethod, "httpMethod"):upper()
end

local function read_json(body)
  if body == "" then bad_request("the body is empty, JSON is expected") end
  local ok, value = pcall(json.decode, body)
  if ok then return value end
  if failure.field(value, "code") ~= "bad_json" then error(value, 0) end
  bad_request("the body is no JSON: %s", value.message)
end

-- {via, version, multiple}: which service, which of API Gateway's two formats, and whether a load
-- balancer wants lists of values.
function requests.form_of(event)
  local context = type(event) == "table" and event.requestContext
  if type(context) ~= "table" then return nil end
  if type(context.http) == "table" then
    local domain = context.domainName
    local is_url = type(domain) == "string" and domain:find("%.lambda%-url%.")
    return { via = is_url and "function_url" or "http_api", version = 2 }
  end
  if context.elb ~= nil then
    return { via = "alb", version = 1, multiple = type(event.multiValueHeaders) == "table" }
  end
  if event.httpMethod == nil then return nil end
  return { via = event.version == "1.0" and "http_api" or "rest_api", version = 1, multiple = true }
end

function requests.read(event, form)
  local body, lists = body_of(event), query_of(event, form)
  local raw_path = path_of(event, form)
  local parameters = {}
  for name, value in pairs(table_or_empty(event.pathParameters)) do parameters[name] = value end
  return {
    via = form.via,
    method = method_of(event, form),
    path = (percent.decode(raw_path)),
    raw_path = raw_path,
    query = last_values(lists),
    query_lists = lists,
    headers = headers_of(event, event.cookies),
    parameters = parameters,
    body = body,
    json = function() return read_json(body) end,
    event = event,
  }
end

-- ---- answering ---------------------------------------------------------------------------------

local answer_fields = {
  status = { "integer", default = 200, min = 200, max = 599 },
  headers = { "table" },
  cookies = { "table" },
  body = { "any" },
}

local function wrong_answer(format, ...)
  failure.raise { code = "usage", message = "the answer's " .. format:format(...) }
end

local function header_text(name, value)
  if type(value) == "number" then value = tostring(value) end
  if type(value) ~= "string" or value:find("[%c]") then
    wrong_answer("header '%s' is not one line of text", name)
  end
  return value
end

-- {name in lower case = {value, ...}}
local function header_lists(headers)
  local lists = {}
  for name, value in pairs(headers or {}) do
    if type(name) ~= "string" or not name:find("^[%w!#$%%&'*+.^_`|~-]+$") then
      wrong_answer("header '%s' is no name", tostring(name))
    end
    local list = {}
    for i, text in ipairs(type(value) == "table" and value or { value }) do
      list[i] = header_text(name, text)
    end
    lists[name:lower()] = list
  end
  return lists
end

-- The body as text, and the type that it has when nobody says another.
local function body_text(body)
  if body == nil then return "", nil end
  if type(body) == "table" then return json.encode(body), "application/json" end
  if type(body) ~= "string" then wrong_answer("body is a %s", type(body)) end
  return body, utf8.len(body) and "text/plain; charset=utf-8" or "application/octet-stream"
end

local function cookie_list(cookies)
  local list = json.array {}
  for i, cookie in ipairs(cookies or {}) do list[i] = header_text("set-cookie", cookie) end
  return list
end

local function joined(lists)
  local headers = {}
  for name, list in pairs(lists) do headers[name] = table.concat(list, ", ") end
  return headers
end

local function marked(lists)
  for _, list in pairs(lists) do json.array(list) end
  return json.object(lists)
end

local reasons = {
  [200] = "OK", [201] = "Created", [202] = "Accepted", [204] = "No Content",
  [301] = "Moved Permanently", [302] = "Found", [303] = "See Other", [304] = "Not Modified",
  [307] = "Temporary Redirect", [308] = "Permanent Redirect",
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found",
  [405] = "Method Not Allowed", [409] = "Conflict", [410] = "Gone", [413] = "Content Too Large",
  [415] = "Unsupported Media Type", [422] = "Unprocessable Content", [429] = "Too Many Requests",
  [500] = "Internal Server Error", [503] = "Service Unavailable", [504] = "Gateway Timeout",
}

--- What a status is called: "Not Found".
function requests.reason(status)
  return reasons[status] or ("Status %d"):format(status)
end

local function put_headers_1(out, form, lists, cookies)
  if #cookies > 0 then lists["set-cookie"] = cookies end
  if form.multiple then
    out.multiValueHeaders = marked(lists)
    return
  end
  if #cookies > 1 then
    wrong_answer("cookies are %d; this load balancer takes one, until its target group has "
      .. "lambda.multi_value_headers.enabled", #cookies)
  end
  out.headers = joined(lists)
end

local function put_headers_2(out, lists, cookies)
  out.headers = joined(lists)
  if #cookies > 0 then out.cookies = cookies end
end

local function refuse_large(form, body)
  if form.via == "alb" and #body > alb_bytes_max then
    wrong_answer("body has %d bytes as it is sent; a load balancer takes %d from a function: "
      .. "answer with a presigned address (s3.presign) instead", #body, alb_bytes_max)
  end
end

-- The answer in the service's form; raises what is wrong with it.
function requests.answer(answer, form, method)
  local wrong = check.complaint(answer, answer_fields)
  if wrong then wrong_answer("%s", wrong) end
  local lists, cookies = header_lists(answer.headers), cookie_list(answer.cookies)
  local body, content_type = body_text(answer.body)
  lists["content-type"] = lists["content-type"] or content_type and { content_type }
  if method == "HEAD" then body = "" end
  local is_text = utf8.len(body) ~= nil
  local status = answer.status or (answer.body == nil and 204) or 200
  local out = { statusCode = status, isBase64Encoded = not is_text,
    body = is_text and body or core.base64_encode(body) }
  refuse_large(form, out.body)
  if form.via == "alb" then
    out.statusDescription = ("%d %s"):format(status, requests.reason(status))
  end
  if form.version == 2 then
    put_headers_2(out, lists, cookies)
  else
    put_headers_1(out, form, lists, cookies)
  end
  return out
end

return requests
