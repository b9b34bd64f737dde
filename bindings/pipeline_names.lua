-- What the pictures of an upload are called, and in which format each will be. No I/O. For
-- pipeline.lua.
--
--   names.complaint(rules)                 nil, or what is wrong with rules.key and rules.pictures
--   names.wanted(rules, upload, photo)     {{name=, key=, options=}, ...}: options are for render
--   names.candidates(rules, upload)        every key that any photo of this name may have led to

local failure = require "failure"
local image = require "image"

local names = {}

local words = { key = true, folder = true, name = true, stem = true, renamed = true,
  extension = true, picture = true, width = true, height = true }

local extensions = { jpeg = "jpg", jpg = "jpg", png = "png", webp = "webp", gif = "gif" }
local own_formats = { "jpeg", "png", "webp", "gif" } -- of a target that names none

-- The formats that a target may lead to, the photo's own or not.
local function formats_of(target)
  if type(target.format) == "table" then return target.format end
  return target.format and { target.format } or own_formats
end

-- `target` as render takes it, in one format.
local function options_of(target, format)
  local options = {}
  for name, value in pairs(target) do options[name] = value end
  options.format = format
  return options
end

local function key_of(rules, upload, target, extension, is_renamed)
  local renamed = is_renamed and upload.stem .. "." .. extension or upload.name
  local values = { key = upload.key, folder = upload.folder, name = upload.name,
    stem = upload.stem, renamed = renamed, extension = extension,
    picture = tostring(target.name or ""), width = tostring(target.width or ""),
    height = tostring(target.height or "") }
  return (rules.key:gsub("{(%w+)}", values))
end

local function wrong_target(target)
  if type(target) ~= "table" then return "is no table" end
  for _, format in ipairs(formats_of(target)) do
    local ok, err = pcall(image.check, options_of(target, format))
    if not ok then return failure.field(err, "message") or tostring(err) end
  end
end

local function wrong_key(rules)
  if not rules.key then return nil end
  for word in rules.key:gmatch "{(.-)}" do
    if not words[word] then
      return ("field 'key' has {%s}, which is none of its words"):format(word)
    end
  end
  if not rules.key:find "{key}" and not rules.key:find "{name}" and not rules.key:find "{renamed}"
      and not rules.key:find "{stem}" then
    return "field 'key' has none of {key}, {name}, {renamed}, {stem}: uploads would share a picture"
  end
  local upload, taken = { key = "k", folder = "", name = "k", stem = "k" }, {}
  for i, target in ipairs(rules.pictures) do
    local key = key_of(rules, upload, target, "x", false)
    if taken[key] then
      return ("field 'key' gives pictures [%d] and [%d] the same name: {picture} and {width} tell "
        .. "them apart"):format(taken[key], i)
    end
    taken[key] = i
  end
end

function names.complaint(rules)
  for i, target in ipairs(rules.pictures) do
    local wrong = wrong_target(target)
    if wrong then return ("field 'pictures', [%d]: %s"):format(i, wrong) end
  end
  return wrong_key(rules)
end

-- A list of formats: the photo's own if it is among them, else the first.
local function format_for(target, photo)
  if type(target.format) ~= "table" then return target.format end
  for _, format in ipairs(target.format) do
    if format == photo.format then return format end
  end
  return target.format[1]
end

function names.wanted(rules, upload, photo)
  local targets, wanted = {}, {}
  for i, target in ipairs(rules.pictures) do
    targets[i] = options_of(target, format_for(target, photo))
  end
  if #targets == 0 then return wanted end
  local plan = photo:plan(targets)
  for i, options in ipairs(targets) do
    local format = plan.targets[i].format
    wanted[i] = { name = options.name, options = options,
      key = key_of(rules, upload, options, extensions[format], format ~= photo.format) }
  end
  return wanted
end

function names.candidates(rules, upload)
  local keys, seen = {}, {}
  for _, target in ipairs(rules.pictures) do
    for _, format in ipairs(formats_of(target)) do
      for _, is_renamed in ipairs { false, true } do
        local key = key_of(rules, upload, target, extensions[format], is_renamed)
        if not seen[key] then
          seen[key] = true
          keys[#keys + 1] = key
        end
      end
    end
  end
  return keys
end

return names
