-- Request documents for dynamodb.lua: expressions that name attributes and values by placeholders
-- only. No text of a script ever becomes part of an expression, but for the expressions that the
-- script itself wrote.

local core = require "dynamodb_core"
local sorted_keys = require "lunette.sorted_keys"

local expression = {}

-- JSON text of an object; `fields` has the JSON text of each field's value.
local function object(fields)
  local parts = {}
  for i, name in ipairs(sorted_keys(fields)) do
    parts[i] = core.quote(name) .. ":" .. fields[name]
  end
  return "{" .. table.concat(parts, ",") .. "}"
end
expression.object = object

--- JSON text of an array of JSON texts.
function expression.array(texts)
  return "[" .. table.concat(texts, ",") .. "]"
end

local builder = {}
builder.__index = builder

--- Collects one request. `name` is the function and `prefix` the place ("" or "transact[2].put.")
--- that complaints tell.
function expression.new(name, prefix)
  return setmetatable({
    name = name,
    prefix = prefix or "",
    fields = {},     -- of the request: JSON texts
    names = {},      -- #placeholder = JSON text
    values = {},     -- :placeholder = JSON text
    placeholders = {}, -- attribute name = #placeholder
    made = 0,
  }, builder)
end

function builder:complain(text, ...)
  return core.complain(self.name, self.prefix .. text:format(...))
end

--- Sets a field of the request to a text, a boolean or an integer; nil sets nothing.
function builder:set(field, value)
  if value == nil then return end
  self.fields[field] = type(value) == "string" and core.quote(value) or tostring(value)
end

--- Sets a field to a key or an item: a table of attributes.
function builder:item(field, attributes, path)
  if attributes == nil then return end
  self.fields[field] = core.item(attributes, self.prefix .. path, self.name)
end

-- The names and values that came with the script's own expressions. Their signs may be left out:
-- { size = "s" } and { ["#size"] = "s" } are the same.
local function with_sign(key, sign)
  return key:sub(1, 1) == sign and key or sign .. key
end

--- Takes over the options `names` and `values`.
function builder:given(options)
  for key, name in pairs(options.names or {}) do
    if type(key) ~= "string" or type(name) ~= "string" then
      self:complain("field 'names' has to map placeholders to attribute names, both strings")
    end
    self.names[with_sign(key, "#")] = core.quote(name)
  end
  for key, value in pairs(options.values or {}) do
    if type(key) ~= "string" then
      self:complain("field 'values' has to map placeholders, which are strings, to values")
    end
    self.values[with_sign(key, ":")] = core.value(value, self.prefix .. "values." .. key, self.name)
  end
end

-- A placeholder that nobody uses yet.
local function fresh(self, sign, taken)
  local placeholder
  repeat
    self.made = self.made + 1
    placeholder = sign .. "a" .. self.made
  until not taken[placeholder]
  return placeholder
end

--- The placeholder of an attribute's name.
function builder:attribute(name)
  if not self.placeholders[name] then
    local placeholder = fresh(self, "#", self.names)
    self.placeholders[name] = placeholder
    self.names[placeholder] = core.quote(name)
  end
  return self.placeholders[name]
end

--- The placeholder of a value. `path` is what complaints call it.
function builder:value(value, path)
  local placeholder = fresh(self, ":", self.values)
  self.values[placeholder] = core.value(value, self.prefix .. path, self.name)
  return placeholder
end

-- "a.b[0].c" with placeholders for the names: "#a1.#a2[0].#a3".
function builder:path(path, field)
  local parts = {}
  for part, dot in (path .. "."):gmatch("([^.]*)(%.)") do
    local name, indexes = part:match("^([^%[%]]+)([%[%]%d]*)$")
    if not name or not dot or indexes:gsub("%[%d+%]", "") ~= "" then
      self:complain("field '%s' has the path '%s', expected names joined by dots, with [n] for "
        .. "elements of lists", field, path)
    end
    parts[#parts + 1] = self:attribute(name) .. indexes
  end
  return table.concat(parts, ".")
end

--- The paths of `project`: a list of paths, or an expression as DynamoDB has it.
function builder:project(project)
  if project == nil then return end
  if type(project) == "string" then return self:set("ProjectionExpression", project) end
  local paths = {}
  for i, path in ipairs(project) do
    if type(path) ~= "string" then
      self:complain("field 'project[%d]' is a %s, expected a string", i, type(path))
    end
    paths[i] = self:path(path, "project")
  end
  if #paths == 0 then self:complain("field 'project' names no attribute") end
  self:set("ProjectionExpression", table.concat(paths, ", "))
end

-- A section of an update: "SET a = :x, b = :y". `form` makes one action of path and value.
local function section(self, verb, field, changes, form)
  if changes == nil then return nil end
  local actions = {}
  for _, path in ipairs(sorted_keys(changes)) do
    if type(path) ~= "string" then
      self:complain("field '%s' has a key that is a %s, expected paths", field, type(path))
    end
    local value = self:value(changes[path], field .. "." .. path)
    actions[#actions + 1] = form:format(self:path(path, field), value)
  end
  if #actions == 0 then return nil end
  return verb .. " " .. table.concat(actions, ", ")
end

local function remove_section(self, paths)
  if paths == nil or #paths == 0 then return nil end
  local actions = {}
  for i, path in ipairs(paths) do
    if type(path) ~= "string" then
      self:complain("field 'remove[%d]' is a %s, expected a string", i, type(path))
    end
    actions[i] = self:path(path, "remove")
  end
  return "REMOVE " .. table.concat(actions, ", ")
end

--- The changes of an update: the tables set, add, remove and delete, or the expression `update`.
function builder:changes(options)
  local sections = {}
  local function add(text) sections[#sections + 1] = text end
  add(section(self, "SET", "set", options.set, "%s = %s"))
  add(remove_section(self, options.remove))
  add(section(self, "ADD", "add", options.add, "%s %s"))
  add(section(self, "DELETE", "delete", options.delete, "%s %s"))
  if options.update and #sections > 0 then
    self:complain("field 'update' is an expression of its own: set, add, remove and delete can't "
      .. "be given beside it")
  end
  self:set("UpdateExpression", options.update or #sections > 0 and table.concat(sections, " ")
    or nil)
end

local comparisons = { eq = "=", lt = "<", le = "<=", gt = ">", ge = ">=" }

local function only_entry(self, field, map)
  local name, value = next(map)
  if type(name) ~= "string" or next(map, name) ~= nil then
    self:complain("field '%s' has to have one entry: the key attribute's name", field)
  end
  return name, value
end

local function range_condition(self, name, test)
  local attribute, path = self:attribute(name), "range." .. name
  if type(test) ~= "table" or getmetatable(test) ~= nil then
    return attribute .. " = " .. self:value(test, path)
  end
  local operator, operand = next(test)
  if operator == nil or next(test, operator) ~= nil then
    self:complain("field '%s' has to be a value, or a table with one of eq, lt, le, gt, ge, "
      .. "between, begins_with", path)
  elseif comparisons[operator] then
    return ("%s %s %s"):format(attribute, comparisons[operator], self:value(operand, path))
  elseif operator == "begins_with" then
    return ("begins_with(%s, %s)"):format(attribute, self:value(operand, path))
  elseif operator == "between" and type(operand) == "table" and #operand == 2 then
    return ("%s BETWEEN %s AND %s"):format(attribute, self:value(operand[1], path),
      self:value(operand[2], path))
  end
  self:complain("field '%s' has the operator '%s', expected one of eq, lt, le, gt, ge, "
    .. "between = {low, high}, begins_with", path, tostring(operator))
end

--- The key condition of a query: the tables hash and range, or the expression `key_condition`.
function builder:key_condition(options)
  local given = options.key_condition
  if given and (options.hash or options.range) then
    self:complain("field 'key_condition' is an expression of its own: hash and range can't be "
      .. "given beside it")
  elseif not given and not options.hash then
    self:complain("field 'hash' (or 'key_condition') is missing")
  end
  if options.hash then
    local name, value = only_entry(self, "hash", options.hash)
    given = self:attribute(name) .. " = " .. self:value(value, "hash." .. name)
  end
  if options.range then
    given = given .. " AND " .. range_condition(self, only_entry(self, "range", options.range))
  end
  self:set("KeyConditionExpression", given)
end

--- The request's document.
function builder:document()
  if next(self.names) then self.fields.ExpressionAttributeNames = object(self.names) end
  if next(self.values) then self.fields.ExpressionAttributeValues = object(self.values) end
  return object(self.fields)
end

return expression
