-- Lunette's half of interop_test.sh: `lunette run --aws interop.lua write FOLDER` before the AWS
-- CLI reads, `... read FOLDER` after it has written.

local s3, hash = require "s3", require "hash"

local step, folder = arg[1], arg[2]
local bucket = "uploads"
local keys = dofile "tests/contract/radosgw/keys.lua"

local function all_bytes()
  local bytes = {}
  for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
  return table.concat(bytes)
end

local function list(prefix)
  local found, token = {}, nil
  repeat
    local page = s3.list { bucket = bucket, prefix = prefix, max_keys = 7, token = token }
    for _, object in ipairs(page.objects) do found[#found + 1] = object.key end
    token = page.next_token
  until not token
  return found
end

-- All objects, and in FOLDER/keys the ends of their keys, each ended by a zero byte.
local function write()
  local file = assert(io.open(folder .. "/keys", "wb"))
  for number, key in ipairs(keys) do
    s3.put { bucket = bucket, key = "interop/lunette/" .. key, body = "body " .. number }
    file:write(key, "\0")
  end
  file:close()
  s3.put { bucket = bucket, key = "interop/headers", body = all_bytes(),
    content_type = "image/jpeg", cache_control = "public, max-age=60",
    content_disposition = 'inline; filename="a b.jpg"', content_encoding = "identity",
    metadata = { author = "Ann", ["source-etag"] = '"abc"' },
    tags = { kind = "photo", ["a b"] = "c/d+e" } }
  s3.put { bucket = bucket, key = "interop/parts", body = all_bytes():rep(50000),
    content_type = "image/png", metadata = { author = "Ann" }, tags = { kind = "photo" } }
end

local function show(object)
  print(object.size, object.content_type, object.cache_control, object.content_disposition,
    object.content_encoding, object.metadata.author, object.metadata["source-etag"])
end

local function read_large()
  local large = { bucket = bucket, key = "interop/large.jpg" }
  local object = s3.get(large)
  print(object.size, object.content_type, hash.sha256(object.body), object.etag:match "%-%d+" )
  large.range = { 8388600, 8388615 } -- across the end of a part
  local part = s3.get(large)
  print(part.body == object.body:sub(8388601, 8388616), part.size)
  large.range, large.if_none_match = nil, object.etag
  print(select(2, s3.head(large)))
  s3.copy { bucket = bucket, key = "interop/copy.jpg", source_key = "interop/large.jpg",
    source_if_match = object.etag }
  print(s3.head({ bucket = bucket, key = "interop/copy.jpg" }).size)
end

local function read()
  for _, key in ipairs(keys) do
    local object = s3.find { bucket = bucket, key = "interop/cli/" .. key }
    print(object and object.body or "absent: " .. key)
  end
  print(table.concat(list "interop/cli/", "\0") ==
    table.concat(list "interop/lunette/", "\0"):gsub("interop/lunette/", "interop/cli/"))
  local object = s3.get { bucket = bucket, key = "interop/cli-headers" }
  show(object)
  print(object.body == all_bytes())
  read_large()
end

assert(({ write = write, read = read })[step], "write or read")()
