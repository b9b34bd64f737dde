-- Argument checking for the modules written in Lua: the same rules and the same words as
-- bindings/arguments.h gives the ones written in C.
--
--   local check = require "lunette.check"
--   local fields = {
--     bucket      = { "string", required = true },
--     concurrency = { "integer", default = 8, min = 1, max = 64 },
--   }
--   function module.put(options)
--     options = check.options("put", options, fields)
--
-- Every complaint is an error object with code `usage`, and its `where` is the caller's line.

local failure = require "failure"
local sorted_keys = require "lunette.sorted_keys"

local check = {}

-- Damerau's distance, by rows: letters that differ, are missing, too many or swapped.
local function distance(a, b)
  local last_but_one, last = nil, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], last_but_one[j - 2] + 1)
      end
    end
    last_but_one, last = last, row
  end
  return last[#b]
end

--- The name in `names` that `wrong` was probably meant to be, or nil: as host/nearest.h says, but
--- for beginnings.
function check.nearest(wrong, names)
  local nearest
  local best = math.min(2, #wrong // 2) + 1
  for _, name in ipairs(names) do
    local d = distance(wrong, name)
    if d < best then nearest, best = name, d end
  end
  return nearest
end

--- "unknown WHAT 'buckt', did you mean 'bucket'? WHATs: bucket, key"
function check.unknown(what, wrong, names)
  local nearest = check.nearest(wrong, names)
  return ("unknown %s '%s', %s%ss: %s"):format(what, wrong,
    nearest and ("did you mean '%s'? "):format(nearest) or "", what, table.concat(names, ", "))
end

local function is_callable(value)
  if type(value) == "function" then return true end
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__call ~= nil
end

local function with_article(noun)
  return (noun:find("^[aeiou]") and "an " or "a ") .. noun
end

-- Nil, or what is wrong with the type of `value`: "is a number, expected a string".
local function wrong_type(value, wanted)
  if wanted == "integer" and type(value) == "number" then
    if math.tointeger(value) then return nil end
    return ("is %g, expected an integer"):format(value)
  end
  if wanted == type(value) or wanted == "any" then return nil end
  if wanted == "callable" then
    if is_callable(value) then return nil end
    wanted = "function"
  end
  return ("is %s, expected %s"):format(with_article(type(value)), with_article(wanted))
end

local function wrong_number(value, field)
  if value ~= value or field.min and value < field.min or field.max and value > field.max then
    if not field.max then return ("is %s, expected at least %s"):format(value, field.min) end
    return ("is %s, expected %s to %s"):format(value, field.min, field.max)
  end
end

local function wrong_choice(value, choices)
  for _, choice in ipairs(choices) do
    if value == choice then return nil end
  end
  return ("is '%s', expected one of %s"):format(value, table.concat(choices, ", "))
end

-- Nil, or what is wrong with a value that is there.
local function wrong_value(value, field)
  local wrong = wrong_type(value, field[1])
  if wrong then return wrong end
  if field.min or field.max then return wrong_number(value, field) end
  if field.choices then return wrong_choice(value, field.choices) end
  if field.filled and #value == 0 then return "is empty" end
end

local function complaint(name, value, field)
  if value == nil then
    return field.required and ("field '%s' is missing"):format(name) or nil
  end
  local wrong = wrong_value(value, field)
  return wrong and ("field '%s' %s"):format(name, wrong) or nil
end

--- Nil, or what is wrong with the table `options`.
function check.complaint(options, fields)
  for name in pairs(options) do
    if type(name) ~= "string" then
      return "fields have names, found a key that is a " .. type(name)
    end
    if not fields[name] then return check.unknown("field", name, sorted_keys(fields)) end
  end
  for _, name in ipairs(sorted_keys(fields)) do
    local wrong = complaint(name, options[name], fields[name])
    if wrong then return wrong end
  end
end

-- `level`: as in error(), seen from the function that calls this one.
local function complain(level, index, function_name, wrong)
  failure.raise({
    code = "usage",
    message = ("bad argument #%d to '%s' (%s)"):format(index, function_name, wrong),
    retryable = false,
  }, level + 1)
end

--- Raises "bad argument #INDEX to 'NAME' (WRONG)" for the caller of the function that calls this.
function check.complain(index, function_name, wrong)
  complain(3, index, function_name, wrong)
end

--- A copy of `options` with the defaults filled in. Raises as check.complain does.
function check.options(function_name, options, fields)
  local wrong
  if type(options) ~= "table" then
    wrong = "a table of named fields expected, got " .. type(options)
  else
    wrong = check.complaint(options, fields)
  end
  if wrong then complain(3, 1, function_name, wrong) end
  local copy = {}
  for name, field in pairs(fields) do
    copy[name] = options[name]
    if copy[name] == nil then copy[name] = field.default end
  end
  return copy
end

return check
