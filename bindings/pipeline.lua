-- What comes of an upload: pictures in another bucket, an item in a table, an entry in a list. The
-- rules say which; here they are brought in line with what is in the upload bucket now, however
-- late, often and in whatever order events come. Called by handlers (scripts/recipes); the public
-- contract is bindings/api/pipeline.lua.
--
-- An event is only a hint that something has changed. `settle` looks at the source, brings the
-- results in line, and looks again: whoever wrote last has looked after it, so the last word is
-- that of the source as it is. Each picture carries of which upload it is made, and of which
-- version of it and of the rules; so work that is done is recognised, and a picture is deleted only
-- by its own upload.

local absence = require "lunette.absence"
local check = require "lunette.check"
local dynamodb = require "dynamodb"
local events = require "events"
local facts = require "lunette.pipeline_facts"
local failure = require "failure"
local hash = require "hash"
local image = require "image"
local json = require "json"
local log = require "log"
local manifest = require "lunette.manifest" -- not the file of that name beside a handler
local names = require "lunette.pipeline_names"
local s3 = require "s3"
local store = require "store"
local task = require "task"
local uuid = require "uuid"

local pipeline = {}

local looks_max = 5

function pipeline.id(bucket, key)
  return uuid.v5 { namespace = "url", name = ("s3://%s/%s"):format(bucket, key) }
end

local function id_of(upload)
  return pipeline.id(upload.bucket, upload.key)
end

-- The object's headers, or nil when it isn't there.
local function look(bucket, key)
  return absence.look(s3.head, { bucket = bucket, key = key })
end

-- ---- what is there -----------------------------------------------------------------------------

-- What the pictures' own metadata say of them; nil for what no pipeline has made.
local function read_mark(head)
  local mark = head and head.metadata
  return mark and mark.source and mark or nil
end

-- All that may have come of the upload: objects by key, and the item.
local function recall(rules, upload)
  local found, item = {}, nil
  local keys = names.candidates(rules, upload)
  local function read_item()
    if not rules.table or rules.ids == "random" then return end
    item = dynamodb.get { table = rules.table, key = { [rules.key_attribute] = id_of(upload) },
      consistent = true }
  end
  local function read_pictures()
    task.map(keys, function(key) found[key] = look(rules.destination, key) end)
  end
  task.all { read_item, read_pictures }
  return found, item
end

-- A random id is that of the pictures, from when they were first made; nil when there are none.
local function known_id(rules, upload, found)
  if rules.ids ~= "random" then return id_of(upload) end
  for _, head in pairs(found) do
    local mark = read_mark(head)
    if mark and mark.source == id_of(upload) and mark.id then return mark.id end
  end
end

-- ---- pictures ----------------------------------------------------------------------------------

-- A picture that another upload has made must not be replaced by this one.
local function refuse_taken(rules, upload, wanted, found)
  for _, target in ipairs(wanted) do
    local mark = read_mark(found[target.key])
    if mark and mark.source ~= id_of(upload) then
      events.reject(("%s/%s is the picture of another upload: the rules give both the same name")
        :format(rules.destination, target.key), { status = 409 })
    end
  end
end

-- The pictures as they are described to the rules, of what is there; nil when one isn't, or is made
-- of another version.
local function known_pictures(rules, wanted, found, version)
  local pictures = {}
  for i, target in ipairs(wanted) do
    local head = found[target.key]
    local mark = read_mark(head)
    if not mark or mark.version ~= version then return nil end
    pictures[i] = { name = target.name, bucket = rules.destination, key = target.key,
      width = math.tointeger(mark.width), height = math.tointeger(mark.height),
      type = head.content_type, size = head.size, made = mark.made }
  end
  return pictures
end

local function store_picture(rules, target, picture, mark)
  s3.put { bucket = rules.destination, key = target.key, body = picture.bytes,
    content_type = picture.content_type, cache_control = rules.cache_control,
    metadata = { source = mark.source, version = mark.version, made = mark.made, id = mark.id,
      width = tostring(picture.width), height = tostring(picture.height) } }
  return { name = target.name, bucket = rules.destination, key = target.key, made = mark.made,
    width = picture.width, height = picture.height, type = picture.content_type,
    size = picture.size }
end

local function make_pictures(rules, photo, wanted, mark)
  local targets = {}
  for i, target in ipairs(wanted) do targets[i] = target.options end
  return photo:render(targets, function(picture, i)
    local finished = rules.finish and rules.finish(picture, photo) or picture
    return store_picture(rules, wanted[i], finished, mark)
  end)
end

-- Deletes this upload's own pictures, but for those that are still `wanted`.
local function delete_pictures(rules, upload, wanted, found)
  local kept, keys = {}, {}
  for _, target in ipairs(wanted) do kept[target.key] = true end
  for key, head in pairs(found) do
    local mark = read_mark(head)
    if mark and mark.source == id_of(upload) and not kept[key] then keys[#keys + 1] = key end
  end
  if #keys == 0 then return 0 end
  local failed = s3.delete_all({ bucket = rules.destination, keys = keys }).errors[1]
  if failed then error(("%s: %s: %s"):format(failed.key, failed.code, failed.message), 0) end
  return #keys
end

-- ---- the item ----------------------------------------------------------------------------------

local function same(a, b)
  local ok, is_same = pcall(function() return json.encode(a) == json.encode(b) end)
  return ok and is_same
end

local function store_item(rules, id, told, item)
  if not rules.table then return false end
  local new = rules.item(table.unpack(told))
  new[rules.key_attribute] = id
  if item and same(new, item) then return false end
  dynamodb.put { table = rules.table, item = new }
  return true
end

-- `item` is nil, too, when the id is random: then nobody has read it.
local function delete_item(rules, id, item)
  if not rules.table or not id or not item and rules.ids ~= "random" then return false end
  dynamodb.delete { table = rules.table, key = { [rules.key_attribute] = id } }
  return true
end

-- ---- the list ----------------------------------------------------------------------------------

local function list_bucket(rules, upload)
  return rules.destination or upload.bucket
end

-- The list may lie where uploads arrive: its own events end in `is_list`.
local function update_list(rules, upload, source, told)
  if not rules.list then return "unchanged" end
  local entry = rules.entry(table.unpack(told))
  entry.name = upload.key -- by which it is found when it has to go
  return (manifest.update { bucket = list_bucket(rules, upload), key = rules.list, entry = entry,
    table = rules.list_table, allow_recursion = true,
    source = { bucket = upload.bucket, key = upload.key, etag = source.etag } })
end

local function delist(rules, upload, etag)
  if not rules.list then return "absent" end
  return (manifest.remove { bucket = list_bucket(rules, upload), key = rules.list,
    name = upload.key, table = rules.list_table, allow_recursion = true,
    source = { bucket = upload.bucket, key = upload.key, etag = etag } })
end

local function is_list(rules, upload)
  return upload.key == rules.list and upload.bucket == list_bucket(rules, upload)
end

-- ---- one upload --------------------------------------------------------------------------------

-- Everything as it follows from the object that is there.
local function bring_up(rules, upload, object)
  local photo <close> = image.open(object.body)
  local found, item = recall(rules, upload)
  local id = known_id(rules, upload, found) or uuid.v4()
  local version = hash.sha256(object.etag .. rules.fingerprint):sub(1, 12)
  local wanted = names.wanted(rules, upload, photo)
  refuse_taken(rules, upload, wanted, found)
  local pictures = known_pictures(rules, wanted, found, version)
  local is_changed = pictures == nil
  pictures = pictures or make_pictures(rules, photo, wanted,
    { source = id_of(upload), version = version, id = rules.ids == "random" and id or nil,
      made = facts.utc(rules.now_ms()) })
  local told = facts.of(upload, object, photo, pictures)
  is_changed = store_item(rules, id, told, item) or is_changed
  is_changed = delete_pictures(rules, upload, wanted, found) > 0 or is_changed
  is_changed = update_list(rules, upload, object, told) == "updated" or is_changed
  return { status = is_changed and "done" or "unchanged", id = rules.table and id or nil,
    type = photo.content_type, width = photo.width, height = photo.height,
    size = object.size, variants = json.array(pictures) }
end

-- Takes back everything; `etag` is that of a photo that can't be shown, nil for a deleted one.
local function withdraw(rules, upload, etag)
  local found, item = recall(rules, upload)
  local was_listed = delist(rules, upload, etag) == "removed"
  local was_stored = delete_item(rules, known_id(rules, upload, found), item)
  local were_made = delete_pictures(rules, upload, {}, found) > 0
  return { status = (was_listed or was_stored or were_made) and "deleted" or "gone" }
end

-- The object as it is now, nil when it is gone; or for one that is too large nil, its ETag and why.
local function read_source(rules, upload)
  local ok, object = pcall(s3.find, { bucket = upload.bucket, key = upload.key,
    max_bytes = rules.max_bytes, as = "bytes" })
  if ok then return object, object and object.etag end
  if not events.permanent(object) then error(object, 0) end
  local head = look(upload.bucket, upload.key)
  if head and head.size > rules.max_bytes then return nil, head.etag, object end
  return read_source(rules, upload)
end

-- The results for what is there, and its ETag; for a photo that can't be shown also the error that
-- says why.
local function follow(rules, upload)
  local object, etag, refusal = read_source(rules, upload)
  if object then
    local ok, result = pcall(bring_up, rules, upload, object)
    if ok then return result, etag end
    if not events.permanent(result) then error(result, 0) end
    refusal = result
  end
  return withdraw(rules, upload, etag), etag, refusal
end

local function settle(rules, upload)
  if upload.bucket == rules.destination then
    error(("rules.destination is '%s', where uploads arrive: that would never end")
      :format(rules.destination), 0)
  end
  if is_list(rules, upload) then return { status = "ignored" } end
  for _ = 1, looks_max do
    local result, etag, refusal = follow(rules, upload)
    local now = look(upload.bucket, upload.key)
    if (now and now.etag) == etag then
      if refusal then error(refusal, 0) end
      return result
    end
    log.info("changed meanwhile", { bucket = upload.bucket, key = upload.key })
  end
  failure.raise { code = "conflict", retryable = true, operation = "pipeline",
    message = ("%s/%s changes faster than it can be worked on"):format(upload.bucket, upload.key) }
end

-- ---- the rules ---------------------------------------------------------------------------------

local rules_fields = {
  destination = { "string", filled = true },
  pictures = { "table", default = {} },
  key = { "string", filled = true },
  finish = { "callable" },
  cache_control = { "string" },
  table = { "string", filled = true },
  key_attribute = { "string", default = "id", filled = true },
  ids = { "string", default = "by_name", choices = { "by_name", "random" } },
  item = { "callable" },
  list = { "string", filled = true },
  list_table = { "string", filled = true },
  entry = { "callable" },
  max_bytes = { "integer", default = 50000000, min = 1 },
  edition = { "integer", default = 1, min = 1 },
  now_ms = { "callable", default = function() return os.time() * 1000 end },
}

local function missing(rules)
  if #rules.pictures > 0 and not (rules.destination and rules.key) then
    return "field 'pictures' needs 'destination' and 'key'"
  end
  if rules.table and not rules.item then return "field 'table' needs 'item'" end
  if rules.list and not rules.entry then return "field 'list' needs 'entry'" end
  if not (rules.table or rules.list or #rules.pictures > 0) then
    return "nothing would come of an upload: no pictures, no table, no list"
  end
  return names.complaint(rules)
end

-- Locally, what somebody sets up once in AWS is simply there.
local function declare(rules)
  if not store.is_local() then return end
  if rules.destination then store.declare_bucket(rules.destination) end
  if rules.table then store.declare_table(rules.table, rules.key_attribute) end
end

-- Of the rules that shape the pictures. Steps say as text what they do.
local function fingerprint(rules)
  local targets = json.array {}
  for i, target in ipairs(rules.pictures) do
    targets[i] = {}
    for field, value in pairs(target) do
      targets[i][field] = field == "after" and tostring(value) or value
    end
  end
  return hash.sha256(json.encode { targets, rules.key or "", rules.cache_control or "",
    rules.edition })
end

-- A slip in a field's name would give `events.handler` no rule, and each upload be ignored.
local strict = {
  __index = function(_, field)
    failure.raise({ code = "usage", retryable = false,
      message = "a pipeline: " .. check.unknown("field", tostring(field), { "settle" }) }, 2)
  end,
}

function pipeline.new(rules)
  rules = check.options("new", rules, rules_fields)
  local wrong = missing(rules)
  if wrong then check.complain(1, "new", wrong) end
  rules.fingerprint = fingerprint(rules)
  declare(rules)
  return setmetatable({ settle = function(upload) return settle(rules, upload) end }, strict)
end

return pipeline
