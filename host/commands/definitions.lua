-- Reads LuaLS definition files (bindings/api/*.lua): the one description of the API that editors,
-- `lunette doc` and the test that holds it against the modules share.
--
-- Understands what our definitions use: @meta @class @field @param @return @alias @overload @type,
-- and plain text. Pure: text in, tables out.
--
--   module = { name, text, functions = {...}, values = {...}, classes = {...} }
--   function = { name = "s3.put", call = "s3.put(options)", text, params = {...}, returns = {...} }
--   class = { name, parent, text, fields = {...} }
--   param, field, return = { name, optional, type, text }

local definitions = {}

local closing = { ["("] = ")", ["["] = "]", ["{"] = "}", ["<"] = ">" }

-- Where the string or bracket that begins at `at` ends.
local function skip_group(line, at)
  local first = line:sub(at, at)
  if first == '"' or first == "'" then
    return (line:find(first, at + 1, true) or #line) + 1
  end
  local wanted = closing[first]
  at = at + 1
  while at <= #line do
    local c = line:sub(at, at)
    if c == wanted then return at + 1 end
    at = (closing[c] or c == '"' or c == "'") and skip_group(line, at) or at + 1
  end
  return at
end

-- Splits "table<string, string>|nil the text" into type and text. A type goes on after `|`, and
-- after the colon of `fun(...): result`.
local function split_type(line)
  local at = 1
  while at <= #line do
    local c = line:sub(at, at)
    if closing[c] or c == '"' or c == "'" then
      at = skip_group(line, at)
    elseif c:find("%s") then
      local next_at = line:find("%S", at)
      local after_colon = line:sub(at - 1, at - 1) == ":" or line:sub(at - 1, at - 1) == "|"
      if not after_colon and (not next_at or line:sub(next_at, next_at) ~= "|") then break end
      at = next_at or #line + 1
    else
      at = at + 1
    end
  end
  local text = line:sub(at):gsub("^%s+", ""):gsub("^#%s*", "")
  return line:sub(1, at - 1), text
end

local function named(rest)
  local name, optional, after = rest:match("^([%w_.]+)(%??)%s+(.*)$")
  if not name then
    name, after = rest:match("^(%b[])%s+(.*)$")
    if not name then return nil end
    optional = ""
  end
  local type_text, text = split_type(after)
  return { name = name, optional = optional == "?", type = type_text, text = text }
end

-- "T name text" or "T": in a @return the type comes first.
local function returned(rest)
  local type_text, after = split_type(rest)
  local name, optional, text = after:match("^([%a_][%w_]*)(%??)%s*(.*)$")
  local is_optional = type_text:find("%?$") ~= nil or optional == "?"
  return { name = name, optional = is_optional, type = type_text, text = text or "" }
end

local function new_block()
  return { lines = {}, params = {}, returns = {}, overloads = {} }
end

local function text_of(block)
  local text = table.concat(block.lines, "\n")
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

local tags = {}

-- What a tag does to the module and the block of comment lines it stands in.
function tags.meta(module, _, rest)
  if rest ~= "" then module.name = rest end
end

function tags.class(module, block, rest)
  local name, parent = rest:gsub("^%(exact%)%s*", ""):match("^([%w_.]+)%s*:?%s*([%w_.]*)")
  block.class = { name = name, parent = parent ~= "" and parent or nil, fields = {},
    text = text_of(block) }
  block.lines = {}
  module.classes[#module.classes + 1] = block.class
end

function tags.field(_, block, rest)
  local field = named(rest)
  if not field or not block.class then return "a @field without a class or a name" end
  -- Text above a field belongs to it.
  local above = text_of(block)
  block.lines = {}
  if above ~= "" then field.text = field.text == "" and above or above .. " " .. field.text end
  table.insert(block.class.fields, field)
end

function tags.param(_, block, rest)
  local param = named(rest) or named(rest .. " any")
  if not param then return "a @param without a name" end
  table.insert(block.params, param)
end

tags["return"] = function(_, block, rest)
  table.insert(block.returns, returned(rest))
end

function tags.alias(module, block, rest)
  local name, type_text = rest:match("^([%w_.]+)%s*(.*)$")
  block.alias = { name = name, type = type_text, text = text_of(block) }
  module.aliases[#module.aliases + 1] = block.alias
  block.lines = {}
end

function tags.overload(_, block, rest)
  table.insert(block.overloads, rest)
end

function tags.type(_, block, rest)
  block.type = split_type(rest)
end

local ignored = { nodiscard = true, see = true, async = true, deprecated = true, operator = true,
  generic = true, vararg = true }

local function read_comment(module, block, line)
  local alternative = line:match("^|%s*(.*)$")
  if alternative and block.alias then
    local joint = block.alias.type == "" and "" or "|"
    block.alias.type = block.alias.type .. joint .. split_type(alternative)
    return
  end
  local tag, rest = line:match("^%s?@(%a+)%s*(.*)$")
  if not tag then
    block.lines[#block.lines + 1] = line:gsub("^ (%S)", "%1")
  elseif tags[tag] then
    return tags[tag](module, block, rest)
  elseif not ignored[tag] then
    return "@" .. tag .. " is not known here"
  end
end

local function short_type(list)
  local types = {}
  for i, item in ipairs(list) do types[i] = item.type end
  return #types > 0 and " -> " .. table.concat(types, ", ") or ""
end

local function add_function(module, block, name, arguments)
  module.functions[#module.functions + 1] = {
    name = name,
    call = ("%s(%s)%s"):format(name, arguments, short_type(block.returns)),
    text = text_of(block), params = block.params, returns = block.returns,
    overloads = block.overloads,
  }
end

-- A line of code ends the block above it.
local function read_code(module, block, line)
  local name, arguments = line:match("^function%s+([%w_.:]+)%s*%((.-)%)")
  if name then return add_function(module, block, name, arguments) end
  local variable = line:match("^local%s+([%w_]+)%s*=")
  if variable and block.class then
    module.variables[variable] = block.class.name
    block.class.variable = variable
    if module.main == nil and variable == module.name then module.main = block.class end
    return
  end
  name = line:match("^([%a_][%w_]*%.[%w_.]+)%s*=")
  if name then
    module.values[#module.values + 1] = { name = name, type = block.type or "any",
      text = text_of(block) }
  end
end

-- The class of a variable is what scripts see: `function photo:render()` is image.photo:render.
local function resolve_names(module)
  for _, item in ipairs(module.functions) do
    local variable, separator, rest = item.name:match("^([%w_]+)([.:])(.*)$")
    local class = module.variables[variable]
    if class and class ~= variable then
      local full = class .. separator .. rest
      item.call = full .. item.call:sub(#item.name + 1)
      item.name = full
    end
  end
end

--- Reads one file's text. Raises with `file_name` and the line for what it does not understand.
function definitions.parse(source, file_name)
  local module = { name = file_name:match("([%w_]+)%.lua$"), functions = {}, values = {},
    classes = {}, aliases = {}, variables = {} }
  local block, number = new_block(), 0
  for line in (source .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    local comment = line:match("^%s*%-%-%-(.*)$")
    if comment then
      local wrong = read_comment(module, block, comment)
      if wrong then error(("%s:%d: %s"):format(file_name, number, wrong), 0) end
    else
      if line:find("%S") then read_code(module, block, line) end
      block = new_block()
    end
  end
  resolve_names(module)
  module.text = module.main and module.main.text or ""
  return module
end

--- The class of that name among several modules, or nil.
function definitions.class(modules, name)
  for _, module in ipairs(modules) do
    for _, class in ipairs(module.classes) do
      if class.name == name then return class, module end
    end
  end
end

return definitions
