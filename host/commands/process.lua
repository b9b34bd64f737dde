-- `lunette process PHOTO... FOLDER...`: uploads photos into the store, runs the handler on the
-- event that S3 would send for each, and shows what came out.

local complaint = require "commands.complaint"
local effects = require "effects"
local failure = require "failure"
local host = require "host"
local json = require "json"
local layout = require "commands.table"
local pictures = require "commands.pictures"
local places = require "commands.places"
local progress = require "commands.progress"
local s3 = require "s3"
local sorted_keys = require "lunette.sorted_keys"
local uploads = require "commands.uploads"

local manifest_names_max = 8
local name_columns_max = 40

-- ---- the photos --------------------------------------------------------------------------------

-- Files, and the pictures in folders; second, how many files there are none.
local function list_files(paths)
  local files, others = {}, 0
  for _, path in ipairs(paths) do
    if host.list(path) then
      local names, skipped = pictures.in_folder(path)
      for _, name in ipairs(names) do files[#files + 1] = pictures.path(path, name) end
      others = others + skipped
    else
      files[#files + 1] = path
    end
  end
  return files, others
end

-- {path, key} of each; a path that can't be opened ends the command before anything is done.
local function list_photos(paths)
  local photos, by_key = {}, {}
  local files, others = list_files(paths)
  for i, path in ipairs(files) do
    local unusable = host.file_problem(path)
    if unusable then failure.raise { code = "usage", message = path .. ": " .. unusable } end
    local key = path:match("([^/]+)/*$")
    if not key then failure.raise { code = "usage", message = path .. " is no file" } end
    if by_key[key] and by_key[key] ~= path then
      failure.raise { code = "usage",
        message = ("%s and %s have the same name"):format(by_key[key], path) }
    end
    by_key[key] = path
    photos[i] = { path = path, key = key }
  end
  photos.skipped = others
  return photos
end

-- Likewise those that are to go, by their keys.
local function list_uploads(keys)
  local photos, is_listed = { skipped = 0 }, {}
  places.declare()
  for _, key in ipairs(keys) do
    if not uploads.find(uploads.bucket, key) then
      failure.raise { code = "usage",
        message = ("there is no '%s' in the bucket %s"):format(key, uploads.bucket) }
    end
    if not is_listed[key] then photos[#photos + 1] = { key = key } end
    is_listed[key] = true
  end
  return photos
end

-- ---- one photo ---------------------------------------------------------------------------------

-- What the handler did to the store: how often it wrote, and in which bucket it works.
local function read_effects(photo)
  photo.writes = effects.counts().writes
  for _, effect in ipairs(effects.list()) do
    if effect.operation:find("^s3%.") and (effect.write or effect.place ~= uploads.bucket) then
      photo.bucket = effect.place
    end
  end
end

-- The first record of what the handler returned, if it returned records.
local function record_in(result)
  local records = type(result) == "table" and result.records
  local record = type(records) == "table" and records[1]
  return type(record) == "table" and record or {}
end

-- Into the store, or out of it; the event of that.
local function change(photo)
  if not photo.path then return uploads.remove(photo.key) end
  local object = uploads.put(photo.path, photo.key)
  photo.size = object.size
  return uploads.event(photo.key, object)
end

local function run(photo)
  local event = change(photo)
  effects.clear()
  local started_ms = host.now_ms()
  local text, err = host.invoke(json.encode(event))
  photo.milliseconds = host.now_ms() - started_ms
  read_effects(photo)
  if not text then
    photo.error = err
    return
  end
  photo.result = json.decode(text)
  photo.record = record_in(photo.result)
end

-- Fills in size, milliseconds, writes, and result with record, or error.
local function process(photo)
  photo.writes = 0
  local ok, err = pcall(run, photo)
  if ok then return end
  -- Not the handler's failure: a line of this file would tell nobody anything.
  if failure.field(err, "where") then err.where = nil end
  photo.error = err
end

local function outcome(photo)
  if photo.error then return "failed" end
  return tostring(photo.record.status or "done")
end

-- ---- what came out -----------------------------------------------------------------------------

local columns = {
  { title = "photo" }, { title = "type" }, { title = "pixels", right = true },
  { title = "bytes", right = true }, { title = "ms", right = true }, { title = "variant" },
  { title = "pixels", right = true }, { title = "bytes", right = true },
}

local function whole(value)
  return math.type(value) == "integer" and value or nil
end

local function reason(photo)
  if photo.error then return "failed: " .. tostring(photo.error) end
  local record = photo.record
  if record.reason then
    return ("%s: %s: %s"):format(record.status, record.code or "", record.reason)
  end
  return tostring(record.status or "done")
end

-- "image/jpeg" -> "jpeg"
local function kind_of(content_type)
  return type(content_type) == "string" and content_type:gsub("^image/", "") or ""
end

local function rows_of(photo)
  local record = photo.record or {}
  local rows = { {
    layout.cut(photo.key, name_columns_max), kind_of(record.type),
    layout.pixels(whole(record.width), whole(record.height)),
    layout.bytes(photo.size), photo.milliseconds and ("%.0f"):format(photo.milliseconds) or "",
  } }
  local variants = type(record.variants) == "table" and record.variants or {}
  for i, variant in ipairs(variants) do
    rows[i] = rows[i] or { "", "", "", "", "" }
    rows[i][6] = layout.cut(tostring(variant.name or variant.key or ""), name_columns_max)
    rows[i][7] = layout.pixels(whole(variant.width), whole(variant.height))
    rows[i][8] = layout.bytes(whole(variant.size))
  end
  if #variants == 0 then
    rows[1][6], rows[1].long = layout.cut(reason(photo), 200), 6
  end
  return rows
end

local function print_table(photos)
  local rows = {}
  for _, photo in ipairs(photos) do
    for _, row in ipairs(rows_of(photo)) do rows[#rows + 1] = row end
  end
  io.stdout:write(layout.table(columns, rows), "\n\n")
end

-- One line a field, and a list's items one line each: JSON that fits a screen.
local function print_entry(entry)
  local lines = {}
  for _, name in ipairs(sorted_keys(entry)) do
    local value = entry[name]
    if json.is_array(value) and #value > 0 then
      lines[#lines + 1] = ("%s: ["):format(json.encode(name))
      for i, item in ipairs(value) do
        lines[#lines + 1] = ("  %s%s"):format(json.encode(item), i < #value and "," or " ]")
      end
    else
      lines[#lines + 1] = ("%s: %s"):format(json.encode(name), json.encode(value))
    end
  end
  for _, line in ipairs(lines) do io.stdout:write("  ", layout.cut(line, 120), "\n") end
end

local function print_list(bucket)
  local object = s3.find { bucket = bucket, key = "images.json" }
  local ok, list = pcall(json.decode, object and object.body or "")
  if not ok or not json.is_array(list) then return end
  io.stdout:write(("images.json  %d %s, in %s\n"):format(#list,
    #list == 1 and "entry" or "entries", places.file(bucket, "images.json")))
  if #list > 0 then print_entry(list[1]) end
  local names = {}
  for i = 2, math.min(#list, manifest_names_max + 1) do
    names[i - 1] = layout.cut(tostring(list[i].name), name_columns_max)
  end
  if #list > manifest_names_max + 1 then names[#names + 1] = "..." end
  if #names > 0 then io.stdout:write("  and ", table.concat(names, ", "), "\n") end
end

-- A handler that failed may have asked for a bucket that isn't there.
local function print_destination(bucket)
  local ok, err = pcall(print_list, bucket)
  if ok then
    io.stdout:write("pictures     ", places.folder(bucket), "\n")
  else
    io.stdout:write("pictures     none: ", failure.field(err, "message") or tostring(err), "\n")
  end
end

local function totals(photos)
  local sum = { writes = 0, failed = 0, rejected = 0 }
  for _, photo in ipairs(photos) do
    sum.bucket = photo.bucket or sum.bucket
    sum.writes = sum.writes + photo.writes
    if photo.error then sum.failed = sum.failed + 1 end
    if photo.record and photo.record.status == "rejected" then sum.rejected = sum.rejected + 1 end
  end
  return sum
end

local function summary(photos, sum)
  local parts = { ("%d %s"):format(#photos, #photos == 1 and "photo" or "photos") }
  if sum.failed > 0 then parts[#parts + 1] = sum.failed .. " failed" end
  if sum.rejected > 0 then parts[#parts + 1] = sum.rejected .. " rejected" end
  parts[#parts + 1] = (sum.writes == 0 and sum.failed == 0 and "nothing changed, 0 writes")
      or ("%d %s"):format(sum.writes, sum.writes == 1 and "write" or "writes")
  return table.concat(parts, ", ") .. pictures.skipped(photos.skipped)
end

-- Each once: what fails one photo, a bucket that isn't there, say, mostly fails all of them.
local function print_tracebacks(photos)
  local printed = {}
  for _, photo in ipairs(photos) do
    local traceback = photo.error and failure.field(photo.error, "traceback")
    local text = traceback and ("%s\n%s\n"):format(tostring(photo.error), traceback)
    if text and not printed[text] then
      io.stderr:write(text)
      printed[text] = true
    end
  end
end

local function print_result(photos)
  local sum = totals(photos)
  print_table(photos)
  if sum.bucket then print_destination(sum.bucket) end
  io.stdout:write("result       ", summary(photos, sum), "\n")
  print_tracebacks(photos)
  local name = host.handler_name()
  io.stdout:write("\n", name == "the built-in handler"
    and "The rules are the built-in ones: put a handler.lua here to have your own.\n"
    or ("The rules are in %s: change a number, run this again.\n"):format(name))
end

local function print_json(photos)
  local list = json.array {}
  for i, photo in ipairs(photos) do
    list[i] = {
      file = photo.path, key = photo.key, status = outcome(photo), writes = photo.writes,
      milliseconds = photo.milliseconds, result = photo.result,
      error = photo.error and {
        code = failure.field(photo.error, "code"), message = tostring(photo.error),
      } or nil,
    }
  end
  local sum = totals(photos)
  io.stdout:write(json.encode({ photos = list, writes = sum.writes, failed = sum.failed,
    rejected = sum.rejected, skipped = photos.skipped }), "\n")
end

--- `remove`: the operands are keys of uploads that are to go, and no files.
return function(options, operands, remove)
  local photos = remove and list_uploads(operands) or list_photos(operands)
  local ok, why = host.load_handler()
  if not ok then
    complaint.write(why)
    return 1
  end
  places.declare()
  local bar = progress.new(#photos, options.json)
  for _, photo in ipairs(photos) do
    bar:begin(photo.key)
    process(photo)
    bar:finish(photo.key, outcome(photo))
  end
  bar:close()
  if options.json then print_json(photos) else print_result(photos) end
  return totals(photos).failed > 0 and 1 or 0
end
