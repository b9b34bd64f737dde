-- `lunette event [NAME [FIELD=VALUE...]]`: prints a sample event, or lists them.

local check = require "lunette.check"
local events = require "events"
local failure = require "failure"
local json = require "json"

local function usage(format, ...)
  failure.raise { code = "usage", message = format:format(...) }
end

local function list()
  for _, sample in ipairs(events.samples()) do
    io.stdout:write(("%-15s  %s\n"):format(sample.name, sample.description))
    for _, field in ipairs(sample.fields) do
      local default = field.default ~= nil and " (" .. tostring(field.default) .. ")" or ""
      local name = (" "):rep(17) .. field.name
      io.stdout:write(("%s=%s%s\n"):format(name, field.type:upper(), default))
    end
  end
end

local readers = {
  string = function(text) return text end,
  integer = function(text) return math.tointeger(tonumber(text)) end,
  boolean = function(text) return ({ ["true"] = true, ["false"] = false })[text] end,
}

local function find_sample(name)
  local names = {}
  for i, sample in ipairs(events.samples()) do
    if sample.name == name then return sample end
    names[i] = sample.name
  end
  usage("%s", check.unknown("event", name, names))
end

-- "size=7" as the name and the value of a field of this sample.
local function read_field(sample, text)
  local name, value = text:match("^([^=]+)=(.*)$")
  if not name then usage("'%s' is not FIELD=VALUE", text) end
  local names = {}
  for i, field in ipairs(sample.fields) do
    names[i] = field.name
    if field.name == name then
      local read = readers[field.type](value)
      if read == nil then usage("field '%s' is '%s', expected %s", name, value, field.type) end
      return name, read
    end
  end
  usage("%s", check.unknown("field", name, names))
end

return function(_, operands)
  if not operands[1] then
    list()
    return 0
  end
  local sample, fields = find_sample(operands[1]), {}
  for i = 2, #operands do
    local name, value = read_field(sample, operands[i])
    fields[name] = value
  end
  local ok, event = pcall(events.sample, sample.name, fields)
  if not ok then usage("%s", failure.field(event, "message") or tostring(event)) end
  io.stdout:write(json.encode(event, { indent = 2 }), "\n")
  return 0
end
