-- What presign_test.sh has curl send: `lunette run --aws presign.lua make FOLDER` writes one file
-- of curl's options for each address and form, `... verify FOLDER` tells what has come of them.

local s3 = require "s3"

local step, folder = arg[1], arg[2]
local bucket = "uploads"
local keys = dofile "tests/contract/radosgw/keys.lua"

local function key_of(number)
  return ("presign/key/%d/%s"):format(number, keys[number])
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\t", "\\t") .. '"'
end

local function write(name, lines)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
end

local function write_address(name, options)
  options.bucket = bucket
  local url, how = s3.presign(options)
  local lines = { "url = " .. quoted(url), "request = " .. how.method, "path-as-is" }
  if how.method == "HEAD" then lines[#lines + 1] = "head" end
  for header, value in pairs(how.headers) do
    lines[#lines + 1] = "header = " .. quoted(header .. ": " .. value)
  end
  write(name, lines)
end

local function write_form(name, options)
  options.bucket = bucket
  local form = s3.presign_post(options)
  local lines = { "url = " .. quoted(form.url) }
  for field, value in pairs(form.fields) do
    lines[#lines + 1] = "form-string = " .. quoted(field .. "=" .. value)
  end
  write(name, lines)
end

local function make()
  for number in ipairs(keys) do
    write_address("put" .. number, { key = key_of(number), method = "PUT" })
    write_address("get" .. number, { key = key_of(number) })
  end
  s3.put { bucket = bucket, key = "presign/there", body = "there", content_type = "text/plain" }
  s3.delete { bucket = bucket, key = "presign/once" }
  write_address("there", { key = "presign/there" })
  write_address("head", { key = "presign/there", method = "HEAD" })
  write_address("absent", { key = "presign/absent" })
  write_address("delete", { key = "presign/there", method = "DELETE" })
  write_address("late", { key = "presign/there", expires_s = 1 })
  write_address("as", { key = "presign/there", response_content_type = "image/jpeg",
    response_cache_control = "no-store", response_content_encoding = "identity",
    response_content_disposition = 'attachment; filename="a b+c.jpg"' })
  write_address("typed", { key = "presign/typed", method = "PUT", content_type = "image/jpeg",
    cache_control = "max-age=60", content_disposition = "inline", metadata = { author = "Ann" } })
  write_address("sized", { key = "presign/sized", method = "PUT", content_length = 5 })
  write_address("once", { key = "presign/once", method = "PUT", if_none_match = "*" })

  local exact = { key = 'presign/form "ü" +%/../a.jpg', content_type = "image/jpeg", min_bytes = 2,
    max_bytes = 10, cache_control = "no-cache", metadata = { author = "Ann" },
    success_action_status = 201 }
  write_form("form", exact)
  exact.key, exact.expires_s = "presign/late", 1
  write_form("late_form", exact)
  write_form("any_form", { key_starts_with = "presign/mine/", content_type_starts_with = "image/",
    max_bytes = 10 })
end

-- Prints what the test compares: bodies, headers, and what else there is.
local function verify()
  for number in ipairs(keys) do
    local object = s3.find { bucket = bucket, key = key_of(number) }
    print(object and object.body or "absent: " .. key_of(number))
  end
  local others = { "presign/typed", 'presign/form "ü" +%/../a.jpg', "presign/mine/cat.jpg" }
  for _, key in ipairs(others) do
    local object = s3.find { bucket = bucket, key = key }
    print(key, object and object.body, object and object.content_type,
      object and object.cache_control, object and object.metadata.author)
  end
  for _, object in ipairs(s3.list({ bucket = bucket, prefix = "presign/" }).objects) do
    if not object.key:find "^presign/key/" then print(object.key) end
  end
end

assert(({ make = make, verify = verify })[step], "make or verify")()
