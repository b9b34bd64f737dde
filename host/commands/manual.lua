-- The API as text, from the definitions that are built in: what an editor shows. For `lunette doc`
-- and the REPL's .doc.

local check = require "lunette.check"
local definitions = require "commands.definitions"
local host = require "host"
local layout = require "commands.table"

local width = 92

local function wrap(text, indent, first_indent)
  local lines, line = {}, first_indent or indent
  local empty = true
  for word in text:gmatch("%S+") do
    if not empty and utf8.len(line, 1, -1, true) + 1 + #word > width then
      lines[#lines + 1] = line
      line, empty = indent, true
    end
    line = line .. (empty and "" or " ") .. word
    empty = false
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

-- A row of a Markdown table as a list of cells; nil for the line below its title.
local function cells_of(line)
  if not line:find("[^|%s:-]") then return nil end
  local cells = {}
  for cell in line:gmatch("|%s*([^|]-)%s*%f[|]") do cells[#cells + 1] = cell end
  return cells
end

local function markdown_table(lines)
  local columns, rows = {}, {}
  for _, line in ipairs(lines) do
    local cells = cells_of(line)
    if cells and #columns == 0 then
      for i, title in ipairs(cells) do columns[i] = { title = title } end
    elseif cells then
      rows[#rows + 1] = cells
    end
  end
  return (layout.table(columns, rows):gsub("%f[^\0\n]", "  "))
end

-- Paragraphs are wrapped; code between ``` is left as it is; tables are aligned.
local function paragraphs(text)
  local out, paragraph, rows, in_code = {}, {}, {}, false
  local function close()
    if #paragraph > 0 then out[#out + 1] = wrap(table.concat(paragraph, " "), "") end
    if #rows > 0 then out[#out + 1] = markdown_table(rows) end
    paragraph, rows = {}, {}
  end
  for line in (text .. "\n"):gmatch("(.-)\n") do
    if line:find("^```") then
      close()
      in_code = not in_code
    elseif in_code then
      out[#out + 1] = "    " .. line
    elseif not line:find("%S") then
      close()
      out[#out + 1] = ""
    elseif line:find("^|") then
      rows[#rows + 1] = line
    elseif line:find("^%s*[-*] ") then
      close()
      out[#out + 1] = line
    else
      paragraph[#paragraph + 1] = line
    end
  end
  close()
  return (table.concat(out, "\n"):gsub("\n\n\n+", "\n\n"):gsub("%s+$", ""))
end

-- What fits on a line: up to the first full stop, colon or semicolon.
local function first_sentence(text)
  local paragraph = text:match("^(.-)\n%s*\n") or text
  paragraph = paragraph:gsub("%s+", " ")
  local cut = paragraph:match("^(.-)[:;]%s") or paragraph
  cut = cut:match("^(.-)%.%s+[%u`\"]") or cut
  return (cut:gsub("[.:]$", ""))
end

-- The class that a type names: "events.upload[]" or "events.upload?" -> events.upload.
local function class_of(modules, type_text)
  for name in type_text:gmatch("[%a_][%w_.]*") do
    local class = definitions.class(modules, name)
    if class and #class.fields > 0 then return class end
  end
end

local function rows(items, indent)
  local name_width, type_width = 0, 0
  for _, item in ipairs(items) do
    name_width = math.max(name_width, #(item.name or "") + 1)
    type_width = math.max(type_width, math.min(#item.type, 22))
  end
  local lines = {}
  for _, item in ipairs(items) do
    local name = (item.name or "") .. (item.optional and item.name and not item.type:find("%?$")
      and "?" or "")
    local head = ("%s%-" .. name_width .. "s  %-" .. type_width .. "s  "):format(indent, name,
      item.type)
    local text_indent = (" "):rep(#indent + name_width + type_width + 4)
    if #item.type > type_width and item.text ~= "" then
      lines[#lines + 1] = head:gsub("%s+$", "")
      head = text_indent
    end
    lines[#lines + 1] = wrap(item.text, text_indent, head):gsub("%s+$", "")
  end
  return table.concat(lines, "\n")
end

-- Prints a class's fields once, and those of the classes they name once, below.
local function add_class(out, modules, class, seen)
  if not class or seen[class] then return end
  seen[class] = true
  out[#out + 1] = "\n" .. class.name .. (class.parent and ": " .. class.parent or "")
  if class.text ~= "" then out[#out + 1] = wrap(class.text:gsub("\n", " "), "  ") end
  out[#out + 1] = rows(class.fields, "  ")
  for _, module in ipairs(modules) do
    for _, item in ipairs(module.functions) do
      if item.name:find(class.name .. ":", 1, true) == 1 then
        out[#out + 1] = "  " .. item.call:sub(#class.name + 1)
      end
    end
  end
  add_class(out, modules, class.parent and definitions.class(modules, class.parent), seen)
  for _, field in ipairs(class.fields) do
    local inner = class_of(modules, field.type)
    -- Only its own parts: `context` and `error` have pages of their own.
    if inner and inner.name:find(class.name:match("^[^.]+") .. ".", 1, true) == 1 then
      add_class(out, modules, inner, seen)
    end
  end
end

local function function_page(modules, item)
  local out = { item.call }
  for _, overload in ipairs(item.overloads) do
    out[#out + 1] = (overload:gsub("^fun", item.name))
  end
  if item.text ~= "" then out[#out + 1] = "\n" .. paragraphs(item.text) end
  if #item.params > 0 then
    out[#out + 1] = "\ntakes"
    out[#out + 1] = rows(item.params, "  ")
  end
  if #item.returns > 0 then
    out[#out + 1] = "\nreturns"
    out[#out + 1] = rows(item.returns, "  ")
  end
  local seen = {}
  for _, list in ipairs { item.params, item.returns } do
    for _, part in ipairs(list) do
      local class = part.name ~= "self" and class_of(modules, part.type)
      if class then add_class(out, modules, class, seen) end
    end
  end
  return table.concat(out, "\n")
end

local function summary(items, indent)
  local name_width = 0
  for _, item in ipairs(items) do name_width = math.max(name_width, #item.name) end
  local lines = {}
  for _, item in ipairs(items) do
    local head = ("%s%-" .. name_width .. "s  "):format(indent, item.name)
    lines[#lines + 1] = wrap(first_sentence(item.text), (" "):rep(#head), head)
  end
  return table.concat(lines, "\n")
end

local function module_page(_, module)
  local out = { module.name, "", paragraphs(module.text) }
  for _, part in ipairs { "functions", "values" } do
    local items = module[part]
    if #items > 0 then out[#out + 1] = ("\n%s\n%s"):format(part, summary(items, "  ")) end
  end
  local classes = {}
  for _, class in ipairs(module.classes) do
    if class ~= module.main and #class.fields > 0 and not class.name:find("%.options$") then
      classes[#classes + 1] = class
    end
  end
  if #classes > 0 then out[#out + 1] = "\ntables\n" .. summary(classes, "  ") end
  return table.concat(out, "\n")
end

local function class_page(modules, class)
  local out = {}
  add_class(out, modules, class, {})
  return (table.concat(out, "\n"):gsub("^\n", ""))
end

local function value_page(_, item)
  local text = item.text ~= "" and "\n\n" .. paragraphs(item.text) or ""
  return item.name .. ": " .. item.type .. text
end

-- The methods that a class has of its parent, under its own name.
local function inherited(module, class, add)
  local prefix = class.parent and class.parent .. ":"
  for _, item in ipairs(prefix and module.functions or {}) do
    if item.name:find(prefix, 1, true) == 1 then
      add(class.name .. item.name:sub(#class.parent + 1), function_page, item)
    end
  end
end

-- Everything that has a page: {name, page function, what}.
local function index(modules)
  local entries = {}
  local function add(name, page_of, what)
    entries[#entries + 1] = { name = name, page_of = page_of, what = what }
  end
  for _, module in ipairs(modules) do
    if module.main then add(module.name, module_page, module) end
    for _, item in ipairs(module.functions) do add(item.name, function_page, item) end
    for _, item in ipairs(module.values) do add(item.name, value_page, item) end
    for _, class in ipairs(module.classes) do
      if class ~= module.main then add(class.name, class_page, class) end
      inherited(module, class, add)
    end
  end
  return entries
end

-- All modules in one list: one line each, their functions below.
local function overview(modules)
  local out = {}
  for _, module in ipairs(modules) do
    if module.main then
      local head = ("%-12s"):format(module.name)
      out[#out + 1] = wrap(first_sentence(module.text), (" "):rep(#head), head)
      out[#out + 1] = summary(module.functions, "  ")
      out[#out + 1] = ""
    end
  end
-- The page of `name`, or nil and what is wrong. `photo:render` finds `image.photo:render`.
  return table.concat(out, "\n")
end

-- The page of `name`, or nil and what is wrong. `photo:render` finds `image.photo:render`.
local function page(modules, name)
  local entries, names, inexact = index(modules), {}, nil
  for i, entry in ipairs(entries) do
    if entry.name == name then return entry.page_of(modules, entry.what) end
    local tail = "." .. name:gsub(":", ".")
    if ("." .. entry.name:gsub(":", ".")):sub(-#tail) == tail then inexact = entry end
    names[i] = entry.name
  end
  if inexact then return inexact.page_of(modules, inexact.what) end
  local nearest = check.nearest(name, names)
  return nil, ("no documentation for '%s'%s; `lunette doc` lists all"):format(name,
    nearest and (", did you mean '%s'?"):format(nearest) or "")
end

-- The definitions that were compiled in, by name.
local function built_in()
  local modules = {}
  for _, name in ipairs(host.sources()) do
    if name:find("^bindings/api/") then
      modules[#modules + 1] = definitions.parse(host.source(name), name)
    end
  end
  return modules
end

local manual = {}

--- The text for a name, for all when there is none; or nil and what is wrong.
function manual.text(name)
  local modules = built_in()
  if not name then return overview(modules) end
  return page(modules, name)
end

--- All the names that have a page.
function manual.names()
  local names = {}
  for i, entry in ipairs(index(built_in())) do names[i] = entry.name end
  return names
end

return manual
