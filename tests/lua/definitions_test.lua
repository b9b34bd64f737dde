-- The definitions (bindings/api) and the modules against each other, both ways: what an editor and
-- `lunette doc` show is there, and what is there is shown, down to the fields of every options
-- table, which the modules' own complaints list.
local t = ...

local definitions = require "commands.definitions"
local host = require "host"

-- Modules that scripts should not use.
local internal = {
  absence = true, check = true, dynamodb_core = true, dynamodb_expression = true, effects = true,
  event_samples = true, event_samples_http = true, events_answers = true, events_core = true,
  events_failures = true, events_requests = true, events_routes = true, events_sources = true,
  events_upload = true, failure = true, host = true, manifest_object = true, manifest_table = true,
  manifest_text = true, percent = true, pipeline_facts = true, pipeline_names = true,
  recursion = true, sorted_keys = true, stages = true, store = true,
}

-- An object of each class with methods.
local instances = {
  ["image.photo"] = function()
    local gif = "GIF89a\1\0\1\0\128\0\0\0\0\0\255\255\255,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
    return require("image").open(gif)
  end,
}

instances.bytes = function()
  local s3 = require "s3"
  s3.put { bucket = "uploads", key = "definitions-test", body = "abc" }
  return s3.get({ bucket = "uploads", key = "definitions-test", as = "bytes" }).body
end

instances["image.chain"] = function() return require("image").steps() end

local modules = {}
for _, name in ipairs(host.sources()) do
  if name:find("^bindings/api/") then
    modules[#modules + 1] = definitions.parse(host.source(name), name)
  end
end

local function each_module(visit)
  for _, module in ipairs(modules) do
    if module.main then visit(module, require(module.name)) end
  end
end

-- What `name` ("s3.put" or "image.photo:render") stands for: the function, and its object if it has
-- one.
local function resolve(module, name)
  local class, method = name:match("^(.*):(.*)$")
  if class then
    local make = t.ok(instances[class], "tests/lua/definitions_test.lua: instances." .. class)
    local object = make()
    return object[method], object
  end
  local value = module
  for part in name:match("^[^.]+%.(.*)$"):gmatch("[^.]+") do value = value[part] end
  return value
end

t.test("every module that a script can require is documented", function()
  local documented = {}
  each_module(function(module) documented[module.name] = true end)
  local names = {}
  for name in pairs(package.preload) do names[name] = true end
  for _, source in ipairs(host.sources()) do
    local name = source:match("^bindings/([%w_]+)%.lua$")
    if name then names[name] = true end
  end
  for name in pairs(names) do
    local is_known = documented[name] or internal[name] or name:find("^lua") or name:find("^_")
    t.ok(is_known, ("definition of %s"):format(name))
  end
end)

t.test("every function and value of a module is documented", function()
  each_module(function(module, real)
    local known = {}
    for _, list in ipairs { module.functions, module.values } do
      for _, item in ipairs(list) do known[item.name] = true end
    end
    for name in pairs(real) do
      t.ok(known[module.name .. "." .. name], ("definition of %s.%s"):format(module.name, name))
    end
  end)
end)

t.test("every function and value that is documented is there", function()
  each_module(function(module, real)
    for _, item in ipairs(module.functions) do
      t.equal(type(resolve(real, item.name)), "function", item.name)
    end
    for _, item in ipairs(module.values) do
      t.ok(resolve(real, item.name) ~= nil, item.name)
    end
  end)
end)

t.test("every function is described, and so are its parameters", function()
  for _, module in ipairs(modules) do
    for _, item in ipairs(module.functions) do
      t.ok(#item.text > 10, item.name .. ": a text")
      local given, described = {}, {}
      for name in item.call:match("%((.-)%)"):gmatch("[%w_.]+") do given[#given + 1] = name end
      for i, param in ipairs(item.params) do described[i] = param.name end
      t.equal(described, given, item.name)
    end
  end
end)

-- Words in types that are no classes.
local plain = {}
for word in ([[string integer number boolean table function nil any userdata lightuserdata thread
  unknown fun true false self]]):gmatch("%S+") do plain[word] = true end

local function alias(name)
  for _, module in ipairs(modules) do
    for _, item in ipairs(module.aliases) do
      if item.name == name then return item end
    end
  end
end

local function check_type(type_text, where)
  -- What stands before a colon is a name; what stands in quotes is a text.
  local text = type_text:gsub('"[^"]*"', ""):gsub("%f[%w_][%w_]+%??%s*:", "")
  text = text:gsub("fun%(([%w_, ]*)%)", "fun()")
  for name in text:gmatch("[%a_][%w_.]*") do
    local is_known = plain[name] or definitions.class(modules, name) or alias(name)
    t.ok(is_known, ("%s: the type %s"):format(where, name))
  end
end

-- Each row of the table begins with calls of one or two modules: "`s3.get{...}` `find` `head` |".
local function rows_of(path)
  local rows = {}
  for row in t.read(path):gmatch "\n(|[^\n]*)" do rows[#rows + 1] = row:match "^|([^|]*)|" end
  return rows
end

t.test("every function is in the table of bindings/README.md", function()
  local rows = rows_of "bindings/README.md"
  for _, module in ipairs(modules) do
    for _, item in ipairs(module.functions) do
      local owner, name = item.name:match "([%w_]+[.:])([%w_]+)$"
      local found = false
      for _, row in ipairs(rows) do
        local rest = row:match("`" .. owner:gsub("%.", "%%.") .. "(.*)$")
        found = found or rest and rest:find("%f[%w_]" .. name .. "%f[^%w_]") ~= nil
      end
      t.ok(found, ("%s: in the table of bindings/README.md, which"):format(item.name))
    end
  end
end)

t.test("every type that is named is defined", function()
  for _, module in ipairs(modules) do
    for _, item in ipairs(module.functions) do
      for _, list in ipairs { item.params, item.returns } do
        for _, part in ipairs(list) do check_type(part.type, item.name) end
      end
    end
    for _, class in ipairs(module.classes) do
      for _, field in ipairs(class.fields) do check_type(field.type, class.name) end
    end
  end
end)

-- ---- the fields of options ---------------------------------------------------------------------

local function fields_of(class)
  local fields = {}
  local parent = class.parent and definitions.class(modules, class.parent)
  if parent then fields = fields_of(parent) end
  for _, field in ipairs(class.fields) do
    if not field.name:find("^%[") then fields[field.name] = field end
  end
  return fields
end

-- The class of the table that a parameter takes: "image.target" of "image.target|image.target[]".
local function options_class(param)
  for alternative in param.type:gmatch("[^|]+") do
    local class = definitions.class(modules, alternative)
    if class and #class.fields > 0 and not instances[alternative] then return class end
  end
end

local function filler(param)
  if param.type:find("^string") then return "x" end
  if param.type:find("^fun") then return function() end end
  if param.type:find("%[%]$") or param.type:find("^table") then return {} end
  return 1
end

-- Calls the function with `options` in the place of parameter `i`.
local function complaint(fn, object, item, i, options)
  local arguments, n = {}, 0
  if object then arguments[1], n = object, 1 end
  for j = 1, i do arguments[n + j] = j == i and options or filler(item.params[j]) end
  local ok, err = pcall(fn, table.unpack(arguments, 1, n + i))
  return not ok and tostring(err) or ""
end

local function sorted_names(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, " ")
end

-- Holds what the complaint about an unknown field lists against the class.
local function check_listed(text, item, class)
  local where = item.name .. ": fields of " .. class.name
  local listed = text:match("unknown field 'no_such_field'.-fields: (.-)%)")
  t.ok(listed, ("%s: no unknown field refused: %q"):format(where, text) and listed)
  local accepted = {}
  for name in listed:gmatch("[%w_]+") do accepted[name] = true end
  t.equal(sorted_names(accepted), sorted_names(fields_of(class)), where)
end

local function required_values(class)
  local values = {}
  for name, field in pairs(fields_of(class)) do
    if not field.optional then
      values[name] = definitions.class(modules, field.type) and { name = "x" } or filler(field)
    end
  end
  return values
end

-- The tables within the options: `source` of manifest.update. One that takes any field is no case.
local function check_inner(fn, object, item, i, class)
  for name, field in pairs(fields_of(class)) do
    local inner = definitions.class(modules, field.type)
    local last = inner and inner.fields[#inner.fields]
    if last and not last.name:find("^%[") then
      local options = required_values(class)
      options[name] = { no_such_field = true }
      check_listed(complaint(fn, object, item, i, options), item, inner)
    end
  end
end

local function check_options(real, item, i, class)
  local fn, object = resolve(real, item.name)
  check_listed(complaint(fn, object, item, i, { no_such_field = true }), item, class)
  check_inner(fn, object, item, i, class)
  local documented = fields_of(class)
  local missing = complaint(fn, object, item, i, {}):match("field '([%w_]+)' is missing")
  if missing then
    t.equal(documented[missing].optional, false, item.name .. ": is " .. missing .. " optional")
  end
end

t.test("every options table has the fields that its function takes", function()
  local count = 0
  each_module(function(module, real)
    for _, item in ipairs(module.functions) do
      for i, param in ipairs(item.params) do
        local class = options_class(param)
        if class then
          check_options(real, item, i, class)
          count = count + 1
        end
      end
    end
  end)
  t.ok(count >= 10, "options tables found")
end)

-- ---- the reader itself -------------------------------------------------------------------------

t.test("definitions are read as LuaLS reads them", function()
  local module = definitions.parse([[
---@meta shop
---What it is.
---@class shop
local shop = {}
--- A thing.
---@class shop.thing: shop.base
---@field name string Its name
---@field price? number|"free" # What it costs
--- Said above.
---@field [string] any
local thing = {}
---@alias shop.kind
---| "a" # first
---| "b"
---Sells.
---@param what shop.thing
---@param how? table<string, fun(a: integer, b: string): boolean> in which way
---@return integer? change or nothing
---@return "sold" | "gone" state
function shop.sell(what, how) end
---Weighs.
---@return number
function thing:weigh() end
---@type integer
shop.open = 1
return shop
]], "api/shop.lua")
  t.equal({ module.name, module.text }, { "shop", "What it is." })
  local sell, weigh = module.functions[1], module.functions[2]
  t.equal(sell.call, 'shop.sell(what, how) -> integer?, "sold" | "gone"')
  t.equal(sell.params[2], { name = "how", optional = true, text = "in which way",
    type = "table<string, fun(a: integer, b: string): boolean>" })
  t.equal(sell.returns[1], { name = "change", optional = true, type = "integer?",
    text = "or nothing" })
  t.equal(weigh.call, "shop.thing:weigh() -> number")
  local class = definitions.class({ module }, "shop.thing")
  t.equal({ class.parent, class.text, #class.fields }, { "shop.base", "A thing.", 3 })
  t.equal(class.fields[2], { name = "price", optional = true, type = 'number|"free"',
    text = "What it costs" })
  t.equal(class.fields[3].text, "Said above.")
  t.equal(module.aliases[1].type, '"a"|"b"')
  t.equal(module.values[1], { name = "shop.open", type = "integer", text = "" })
  t.raises("api/x.lua:1: @fiedl is not known here", definitions.parse, "---@fiedl x", "api/x.lua")
end)
