-- `expect` in a handler's tests: each compares what is there after a run with what was wanted, and
-- raises what differs, at the test's line. See testing.lua.

local blame = require "repl.blame"
local check = require "lunette.check"
local dynamodb = require "dynamodb"
local failure = require "failure"
local image = require "image"
local s3 = require "s3"
local show = require "repl.show"

local expectations = {}

local width = 80

local function differ(what, wanted, got)
  blame("%s\n  expected %s\n  got      %s", what, wanted, got)
end

-- Where `got` has not what `wanted` has, as a path and both values; nil when it has all of it.
local function difference(wanted, got, path)
  if type(wanted) ~= "table" then
    if wanted ~= got then return path, wanted, got end
    return nil
  end
  if type(got) ~= "table" then return path, wanted, got end
  for key, value in pairs(wanted) do
    local step = math.type(key) == "integer" and ("[%d]"):format(key) or "." .. tostring(key)
    local where, one, other = difference(value, got[key], path .. step)
    if where then return where, one, other end
  end
end

local function compare(what, wanted, got)
  local where, one, other = difference(wanted, got, what)
  if where then differ(where, show.value(one, width), show.value(other, width)) end
end

-- Raises what is wrong with the fields of an expectation, at the test's line.
local function check_fields(name, options, fields)
  local wrong = type(options) ~= "table" and "a table of named fields expected"
    or check.complaint(options, fields)
  if wrong then blame("expect.%s: %s", name, wrong) end
end

local text, integer = { "string" }, { "integer" }
local needed = { "string", required = true }

local object_fields = {
  bucket = needed, key = text, pattern = text, body = text, content_type = text,
  cache_control = text, metadata = { "table" }, format = text, width = integer, height = integer,
  max_bytes = integer,
}
local place_fields = { bucket = needed, key = needed }
local item_fields = { table = needed, key = { "table", required = true }, item = { "table" } }
local call_fields = { operation = needed, place = text, key = text, times = { "integer", min = 0 } }
local failure_fields = { code = text, message = text }

-- ---- objects -----------------------------------------------------------------------------------

-- The one key that matches the pattern.
local function find_key(bucket, pattern)
  local keys, found = {}, {}
  local token
  repeat
    local page = s3.list { bucket = bucket, token = token }
    for _, object in ipairs(page.objects) do
      keys[#keys + 1] = object.key
      if object.key:find(pattern) then found[#found + 1] = object.key end
    end
    token = page.next_token
  until not token
  if #found == 1 then return found[1] end
  local matches = #found == 0 and "nothing" or ("%d of them"):format(#found)
  differ("objects of " .. bucket, ("one that matches '%s'"):format(pattern),
    ("%s: %s"):format(matches, table.concat(keys, ", ")))
end

local function compare_picture(what, wanted, body)
  if not (wanted.format or wanted.width or wanted.height) then return end
  local ok, info = pcall(image.probe, body)
  if not ok then differ(what, "a picture", failure.field(info, "message")) end
  compare(what, { format = wanted.format, width = wanted.width, height = wanted.height },
    { format = info.format, width = info.width, height = info.height })
end

local function object(wanted)
  check_fields("object", wanted, object_fields)
  if not wanted.key and not wanted.pattern then blame("expect.object: a key, or a pattern") end
  local key = wanted.key or find_key(wanted.bucket, wanted.pattern)
  local what = ("object %s/%s"):format(wanted.bucket, key)
  local got = s3.find { bucket = wanted.bucket, key = key }
  if not got then differ(what, "that it is there", "nothing") end
  compare(what, { body = wanted.body, content_type = wanted.content_type,
    cache_control = wanted.cache_control, metadata = wanted.metadata }, got)
  compare_picture(what, wanted, got.body)
  if wanted.max_bytes and got.size > wanted.max_bytes then
    differ(what, ("at most %d bytes"):format(wanted.max_bytes), ("%d"):format(got.size))
  end
end

local function missing(place)
  check_fields("missing", place, place_fields)
  if s3.find(place) then
    differ(("object %s/%s"):format(place.bucket, place.key), "that it is not there", "it is")
  end
end

local function item(wanted)
  check_fields("item", wanted, item_fields)
  local got = dynamodb.get { table = wanted.table, key = wanted.key }
  compare("item of " .. wanted.table, wanted.item or wanted.key, got)
end

-- ---- the run -----------------------------------------------------------------------------------

--- The table `expect`. `last_run` gives the run that `when` made.
function expectations.new(last_run)
  local expect = { object = object, missing = missing, item = item }

  function expect.success()
    local this = last_run()
    if this.error then differ("the run", "success", tostring(this.error)) end
  end

  function expect.failure(wanted)
    check_fields("failure", wanted or {}, failure_fields)
    local this = last_run()
    if not this.error then differ("the run", "a failure", show.value(this.result, width)) end
    local code, message = failure.field(this.error, "code"), tostring(this.error)
    if wanted and wanted.code and wanted.code ~= code then differ("code", wanted.code, code) end
    if wanted and wanted.message and not message:find(wanted.message, 1, true) then
      differ("message", wanted.message, message)
    end
  end

  function expect.result(wanted)
    local this = last_run()
    if this.error then differ("result", show.value(wanted, width), tostring(this.error)) end
    compare("result", wanted, this.result)
  end

  function expect.writes(count)
    local got = last_run().writes
    if got ~= count then differ("writes", tostring(count), tostring(got)) end
  end

  function expect.call(wanted)
    check_fields("call", wanted, call_fields)
    local count, told = 0, {}
    for _, effect in ipairs(last_run().effects) do
      told[#told + 1] = ("%s %s/%s"):format(effect.operation, effect.place, effect.key or "")
      local is_one = effect.operation == wanted.operation
        and (not wanted.place or effect.place == wanted.place)
        and (not wanted.key or effect.key == wanted.key)
      if is_one then count = count + 1 end
    end
    if count ~= (wanted.times or count) or (not wanted.times and count == 0) then
      differ("calls of " .. wanted.operation, tostring(wanted.times or "one or more"),
        ("%d of %s"):format(count, table.concat(told, ", ")))
    end
  end

  return expect
end

return expectations
