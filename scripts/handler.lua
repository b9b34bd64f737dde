-- The image pipeline: a photo is uploaded; smaller pictures, an entry in the public list of images
-- and a record in the table come out. These are its rules. Change them, save, and run again.

local env = require "env"

local rules = {
  -- Where everything goes. Never the bucket that the uploads arrive in.
  destination = env.get("DESTINATION_BUCKET", "images"),

  -- The pictures made of each photo. fit = "inside": the whole photo within the box; "cover": fills
  -- the box, what is over is cut off; "contain": padded; "fill": stretched. Never enlarged.
  variants = {
    { name = "thumb", width = 160, height = 160, fit = "cover", format = "webp", quality = 75 },
    { name = "medium", width = 800, height = 800, fit = "inside", format = "webp", quality = 80 },
    { name = "large", width = 1600, height = 1600, fit = "inside", format = "jpeg", quality = 82,
      progressive = true },
  },

  -- What a picture is called: {slug} is the upload's key, {version} changes with the photo and with
  -- these rules, so that browsers may keep pictures for ever. Also {variant} {stem} {extension}.
  naming = "{slug}/{variant}-{version}.{extension}",
  cache_control = "public, max-age=31536000, immutable",

  -- What the list and the table say of a photo: our word = what it is taken from, one of
  -- name stem folder extension, and type size width height uploaded of the original.
  metadata = { title = "stem", type = "type", size = "size", width = "width", height = "height",
    uploaded = "uploaded" },

  manifest = "images.json", -- the public list, in the destination
  manifest_table = env.get "MANIFEST_TABLE", -- optional, for many uploads at once: a DynamoDB table
    -- with the partition key `manifest` and the sort key `name`
  table = env.get "METADATA_TABLE", -- optional: a DynamoDB table with the partition key `id`
  when_deleted = "remove", -- of an upload that was deleted: "remove" all that came of it, or "keep"
  max_bytes = 50000000, -- larger uploads are refused; so are they by the image limit `bytes`
  edition = 1, -- raise it to make everything anew
}

-- -------------------------------------------------------------------------------------------------
-- How it is done. Events come late, twice, in any order; so an event is only a hint that something
-- has changed: what counts is what is in the upload bucket now. `settle` looks, brings the results
-- in line, and looks again. A run that dies half-way is delivered again, and begins with a look.

local dynamodb = require "dynamodb"
local events = require "events"
local hash = require "hash"
local image = require "image"
local json = require "json"
local log = require "log"
local manifest = require "manifest"
local s3 = require "s3"
local task = require "task"

-- A slip in the rules is said when they are loaded, not found in the results later.

local function set(...)
  local names = {}
  for _, name in ipairs { ... } do names[name] = true end
  return names
end

local rule_types = { destination = "string", variants = "table", naming = "string",
  cache_control = "string", metadata = "table", manifest = "string", manifest_table = "string",
  table = "string", when_deleted = "string", max_bytes = "integer", edition = "integer" }
local optional = set("manifest_table", "table")
local choices = { when_deleted = set("remove", "keep") }
local naming_words = set("slug", "variant", "version", "stem", "extension")
local known_facts = set("name", "stem", "folder", "extension", "type", "size", "width", "height",
  "uploaded")
local our_words = set("id", "name", "version", "variants", "status")

local function insist(is_right, message, ...)
  if not is_right then error(message:format(...), 0) end
end

local function is_a(value, wanted)
  if wanted ~= "integer" then return type(value) == wanted end
  return type(value) == "number" and math.tointeger(value) ~= nil
end

local function refuse_fields()
  for name, value in pairs(rules) do
    local wanted = rule_types[name]
    insist(wanted, "rules.%s: there is no such field", name)
    insist(is_a(value, wanted), "rules.%s is %s (a %s), expected a value of type %s", name, value,
      type(value), wanted)
    insist(not choices[name] or choices[name][value], "rules.%s: there is no '%s'", name, value)
    insist(wanted ~= "integer" or value >= 1, "rules.%s is %s, expected at least 1", name, value)
  end
  for name in pairs(rule_types) do
    insist(rules[name] ~= nil or optional[name], "rules.%s is missing", name)
  end
end

local function refuse_variants(variants)
  insist(#variants > 0, "rules.variants is empty: no picture would be made")
  local taken = {}
  for i, variant in ipairs(variants) do
    local place = ("rules.variants[%d]"):format(i)
    insist(type(variant) == "table", "%s is no table", place)
    local ok, slip = pcall(image.check, variant)
    insist(ok, "%s: %s", place, ok or slip.message:match "%((.*)%)$")
    insist(variant.name, "%s has no name", place)
    insist(not taken[variant.name], "%s: another one is called %s, too", place, variant.name)
    taken[variant.name] = true
  end
end

local function refuse_naming(naming)
  for word in naming:gmatch "{(.-)}" do
    insist(naming_words[word], "rules.naming: there is no {%s}", word)
  end
  for _, word in ipairs { "{slug}", "{variant}" } do
    insist(naming:find(word, 1, true), "rules.naming has no %s: one picture would replace another",
      word)
  end
end

local function refuse_metadata(metadata)
  for word, fact in pairs(metadata) do
    insist(type(word) == "string", "rules.metadata: '%s' stands without a word of yours", fact)
    insist(not our_words[word], "rules.metadata: the word '%s' is taken by the handler", word)
    insist(known_facts[fact], "rules.metadata.%s: there is no '%s'", word, fact)
  end
end

local function refuse_slips()
  refuse_fields()
  refuse_variants(rules.variants)
  refuse_naming(rules.naming)
  refuse_metadata(rules.metadata)
end
refuse_slips()

-- A variant as JSON takes it: steps say as text what they do.
local function as_data(variant)
  local data = {}
  for field, value in pairs(variant) do
    data[field] = field == "after" and tostring(value) or value
  end
  return data
end

-- Of the rules that shape the results: the others may change without all being made anew.
local variants_as_data = {}
for i, variant in ipairs(rules.variants) do variants_as_data[i] = as_data(variant) end
local fingerprint = hash.sha256(json.encode { variants_as_data, rules.naming, rules.cache_control,
  rules.metadata, rules.edition })

-- The object's headers, or nil when it isn't there.
local function look(bucket, key)
  local ok, object = pcall(s3.head, { bucket = bucket, key = key })
  if ok then return object end
  if object.code == "NoSuchKey" or object.code == "NotFound" then return nil end
  error(object, 0)
end

local function item_id(upload)
  return upload.bucket .. "/" .. upload.key
end

-- The photo as it is now; nil when it isn't there. One that is too large comes without its body.
local function fetch(upload)
  local place = { bucket = upload.bucket, key = upload.key, as = "bytes",
    max_bytes = rules.max_bytes }
  local ok, object = pcall(s3.find, place)
  if ok then return object end
  if object.code ~= "too_large" then error(object, 0) end
  local found = look(upload.bucket, upload.key)
  if found and found.size <= rules.max_bytes then return fetch(upload) end -- replaced meanwhile
  if found then found.refusal = object end
  return found
end

-- What the list and the table know of this upload; and what `also` returns, asked meanwhile.
local function recall(upload, also)
  local entry, item, more
  local function read_entry()
    entry = manifest.find { bucket = rules.destination, key = rules.manifest, name = upload.key }
  end
  local function read_item()
    if not rules.table then return end
    item = dynamodb.get { table = rules.table, key = { id = item_id(upload) }, consistent = true }
  end
  local function read_more() more = also and also() end
  task.all { read_entry, read_item, read_more }
  return entry, item or nil, more
end

local function is_complete(entry, item, version)
  if not entry or entry.version ~= version or not entry.variants then return false end
  if rules.table and not (item and item.version == version) then return false end
  local found = task.map(entry.variants, function(variant)
    return look(rules.destination, variant.key) ~= nil
  end)
  for _, is_there in ipairs(found) do
    if not is_there then return false end
  end
  return true
end

-- Deletes the pictures of the records given, but for those that `kept` has.
local function delete_pictures(kept, ...)
  local keep, keys = {}, {}
  for _, variant in ipairs(kept and kept.variants or {}) do keep[variant.key] = true end
  for _, record in pairs { ... } do
    for _, variant in ipairs(record.variants or {}) do
      if not keep[variant.key] then
        keep[variant.key] = true
        keys[#keys + 1] = variant.key
      end
    end
  end
  if #keys == 0 then return end
  local failed = s3.delete_all({ bucket = rules.destination, keys = keys }).errors[1]
  if failed then error(("%s: %s: %s"):format(failed.key, failed.code, failed.message), 0) end
end

local function picture_key(upload, picture, version)
  local words = { slug = upload.slug, stem = upload.stem, variant = picture.name,
    version = version, extension = picture.extension }
  return (rules.naming:gsub("{(%w+)}", words))
end

-- All pictures of a photo, made and stored: a list of what the manifest says of each.
local function make_pictures(upload, photo, version)
  return photo:render(rules.variants, function(picture)
    local key = picture_key(upload, picture, version)
    s3.put { bucket = rules.destination, key = key, body = picture.bytes,
      content_type = picture.content_type, cache_control = rules.cache_control,
      metadata = { version = version } }
    return { name = picture.name, key = key, width = picture.width, height = picture.height,
      type = picture.content_type, size = picture.size }
  end)
end

local function describe(upload, object, photo)
  local facts = {
    name = upload.name, stem = upload.stem, folder = upload.folder, extension = upload.extension,
    width = photo.width, height = photo.height, type = photo.content_type, size = object.size,
    uploaded = os.date("!%Y-%m-%dT%H:%M:%SZ", object.last_modified // 1000),
  }
  local record = {}
  for word, fact in pairs(rules.metadata) do record[word] = facts[fact] end
  return record
end

local function store_item(upload, record)
  if not rules.table then return end
  local item = { id = item_id(upload) }
  for field, value in pairs(record) do item[field] = value end
  dynamodb.put { table = rules.table, item = item }
end

-- The list after the pictures: whoever reads it finds all that it speaks of. The record, and
-- whether the source was still the same after all that depends on it was written.
local function publish(upload, object, version, old_entry, old_item)
  if object.refusal then error(object.refusal, 0) end
  local photo <close> = image.open(object.body)
  local record = describe(upload, object, photo)
  record.name, record.version = upload.key, version
  local status, previous = manifest.update {
    bucket = rules.destination, key = rules.manifest, table = rules.manifest_table,
    source = { bucket = upload.bucket, key = upload.key, etag = object.etag },
    name = upload.key,
    make = function()
      record.variants = make_pictures(upload, photo, version)
      return record
    end,
    meanwhile = function() store_item(upload, record) end,
  }
  local is_settled = status == "updated" or status == "unchanged"
  if is_settled then delete_pictures(record, old_entry or {}, old_item or {}, previous) end
  record.status = "done"
  return record, is_settled
end

-- Takes the photo off the list, and returns what this said of it last. A photo that isn't there may
-- be in the table of the list, where a run has left it that died.
local function delist(upload, etag, entry)
  if not entry and not rules.manifest_table then return end
  local status, previous = manifest.remove {
    bucket = rules.destination, key = rules.manifest, table = rules.manifest_table,
    name = upload.key, source = { bucket = upload.bucket, key = upload.key, etag = etag },
  }
  return status == "removed" and previous or nil
end

-- Takes back everything; `etag` is that of a photo that can't be shown, nil for a deleted one.
local function withdraw(upload, etag, entry, item)
  local listed = delist(upload, etag, entry)
  if item and not etag then
    dynamodb.delete { table = rules.table, key = { id = item_id(upload) } }
  end
  delete_pictures(nil, entry or {}, item or {}, listed)
  return { status = (entry or item or listed) and "deleted" or "gone" }
end

-- A photo that can't be shown: what an earlier one left is taken back, the table says why.
local function refuse(upload, etag, version, err, entry, item)
  log.warn("refused", { bucket = upload.bucket, key = upload.key, code = err.code,
    reason = err.message })
  withdraw(upload, etag, entry, item)
  local record = { status = "rejected", code = err.code, reason = err.message, version = version }
  store_item(upload, record)
  return record
end

-- Results for the version that was fetched. Second: whether it still was there when all had been
-- written, so that nobody has to look again.
local function bring_up(upload, source, entry, item)
  local version = hash.sha256(source.etag .. fingerprint):sub(1, 12)
  if entry and rules.manifest_table then
    -- If a run died, the list is behind its table, not only for this photo.
    manifest.publish {
      bucket = rules.destination, key = rules.manifest, table = rules.manifest_table,
    }
    entry, item = recall(upload)
  end
  if is_complete(entry, item, version) then
    entry.status = "unchanged"
    return entry
  end
  if item and item.status == "rejected" and item.version == version and not entry then
    delist(upload, source.etag)
    return item
  end
  local ok, result, is_settled = pcall(publish, upload, source, version, entry, item)
  if ok then return result, is_settled end
  if not events.permanent(result) then error(result, 0) end
  return refuse(upload, source.etag, version, result, entry, item)
end

local function settle(upload)
  for _ = 1, 5 do
    local entry, item, source = recall(upload, function() return fetch(upload) end)
    local result, is_settled
    if source then
      result, is_settled = bring_up(upload, source, entry, item)
    else
      -- What was written while it was still there may have been missed.
      entry, item = recall(upload)
      result = withdraw(upload, nil, entry, item)
    end
    if is_settled then return result end
    local now = look(upload.bucket, upload.key)
    if (now and now.etag) == (source and source.etag) then return result end
  end
  error(("%s/%s changes faster than it can be worked on"):format(upload.bucket, upload.key), 0)
end

local function created(upload)
  insist(upload.bucket ~= rules.destination,
    "rules.destination is '%s', where uploads arrive: that would never end", rules.destination)
  return settle(upload)
end

local function deleted(upload)
  if rules.when_deleted == "keep" then return { status = "kept" } end
  return settle(upload)
end

return events.handler { created = created, deleted = deleted }
