-- Sample events from words: "s3-put", "key=a/b.jpg". For `lunette event` and the REPL.

local check = require "lunette.check"
local events = require "events"
local failure = require "failure"

local samples = {}

local function usage(format, ...)
  failure.raise { code = "usage", message = format:format(...) }
end

--- All of them, with their fields, as text.
function samples.list()
  local lines = {}
  for _, sample in ipairs(events.samples()) do
    lines[#lines + 1] = ("%-15s  %s"):format(sample.name, sample.description)
    for _, field in ipairs(sample.fields) do
      local default = field.default ~= nil and " (" .. tostring(field.default) .. ")" or ""
      local name = (" "):rep(17) .. field.name
      lines[#lines + 1] = ("%s=%s%s"):format(name, field.type:upper(), default)
    end
  end
  return table.concat(lines, "\n")
end

local readers = {
  string = function(text) return text end,
  integer = function(text) return math.tointeger(tonumber(text)) end,
  boolean = function(text) return ({ ["true"] = true, ["false"] = false })[text] end,
}

--- The kind of that name; raises `usage` when there is none. `others`: names besides those of
--- samples that may have been meant.
function samples.find(name, others)
  local names = table.move(others or {}, 1, #(others or {}), 1, {})
  for _, sample in ipairs(events.samples()) do
    if sample.name == name then return sample end
    names[#names + 1] = sample.name
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

--- The event; `words` from `first` on are FIELD=VALUE, and go before `fields`.
function samples.build(sample, words, first, fields)
  fields = fields or {}
  for i = first, #words do
    local name, value = read_field(sample, words[i])
    fields[name] = value
  end
  local ok, event = pcall(events.sample, sample.name, fields)
  if not ok then usage("%s", failure.field(event, "message") or tostring(event)) end
  return event
end

return samples
