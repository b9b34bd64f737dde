-- Which rule answers a request: "GET /images/{name}" and the like. No I/O. For events.lua.
--
--   local router = routes.compile { ["GET /images/{name}"] = rule }   or routes.compile(rule)
--   local rule, parameters = router("GET", "/images/cat.jpg")         rule, { name = "cat.jpg" }
--   local rule, allowed = router("PUT", "/images/cat.jpg")            nil, "GET"; nil, nil: no path
--
-- {name} is one segment, {name+} at the end all that is left. What is written out goes before what
-- is not. Paths are taken as they were sent; what becomes a parameter is decoded.

local percent = require "lunette.percent"

local events_routes = {}

local methods = { ANY = true, GET = true, HEAD = true, POST = true, PUT = true, PATCH = true,
  DELETE = true, OPTIONS = true }

local function segments_of(path)
  local segments = {}
  for segment in path:gsub("/$", ""):gmatch("/([^/]*)") do segments[#segments + 1] = segment end
  return segments
end

-- A segment of a pattern: {text} or {name, is_rest}; and how much it leaves open.
local function read_segment(text)
  local name, plus = text:match("^{([%a_][%w_-]*)(%+?)}$")
  if not name then return { text = text }, "0" end
  return { name = name, is_rest = plus == "+" }, plus == "+" and "2" or "1"
end

-- The route, or nil and what is wrong with it.
local function read_route(pattern, rule)
  local method, path = pattern:match("^(%u+) (/.*)$")
  if not method or not methods[method] then
    return nil, ("route '%s' is not 'METHOD /path', with GET, POST, ANY ..."):format(pattern)
  end
  local route = { method = method, rule = rule, segments = {}, openness = "" }
  local texts = segments_of(path)
  for i, text in ipairs(texts) do
    local segment, openness = read_segment(text)
    if not segment.name and text:find("[{}]") or segment.is_rest and i < #texts then
      return nil, ("route '%s': '%s' is no segment there"):format(pattern, text)
    end
    route.segments[i] = segment
    route.openness = route.openness .. openness
  end
  return route
end

local function match(route, segments)
  local parameters = {}
  for i, segment in ipairs(route.segments) do
    if segment.is_rest then
      if i > #segments then return nil end
      parameters[segment.name] = percent.decode(table.concat(segments, "/", i))
      return parameters
    end
    if not segments[i] or segment.text and segment.text ~= segments[i] then return nil end
    if segment.name then parameters[segment.name] = percent.decode(segments[i]) end
  end
  return #segments == #route.segments and parameters or nil
end

-- HEAD is a GET whose body nobody sends.
local function takes(route, method)
  return route.method == method or route.method == "ANY"
      or route.method == "GET" and method == "HEAD"
end

local function router_of(routes)
  return function(method, path)
    if path:sub(1, 1) ~= "/" then return nil end
    local segments, allowed = segments_of(path), {}
    for _, route in ipairs(routes) do
      local parameters = match(route, segments)
      if parameters and takes(route, method) then return route.rule, parameters end
      if parameters then allowed[#allowed + 1] = route.method end
    end
    return nil, #allowed > 0 and table.concat(allowed, ", ") or nil
  end
end

-- A router, or nil and what is wrong. `rules`: one function for every request, a table of
-- functions, or nil.
function events_routes.compile(rules)
  if rules == nil then return router_of {} end
  if type(rules) == "function" then
    return function() return rules, {} end
  end
  if type(rules) ~= "table" then return nil, "is neither a function nor a table of routes" end
  local routes = {}
  for pattern, rule in pairs(rules) do
    if type(pattern) ~= "string" then return nil, "has a route without a name" end
    if type(rule) ~= "function" then return nil, ("route '%s' is no function"):format(pattern) end
    local route, wrong = read_route(pattern, rule)
    if not route then return nil, wrong end
    routes[#routes + 1] = route
  end
  table.sort(routes, function(a, b)
    if a.openness ~= b.openness then return a.openness < b.openness end
    return a.method > b.method -- any order, so long as it is one; ANY comes last
  end)
  return router_of(routes)
end

return events_routes
