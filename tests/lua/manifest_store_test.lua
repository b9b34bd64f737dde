-- The module `manifest` on a real store: what its own tests show with fakes, with the store's
-- conditions. Runs unchanged against every store.

local t = ...
local json = require "json"
local manifest = require "manifest"
local s3 = require "s3"
local task = require "task"
local uuid = require "uuid"

local bucket = os.getenv "TEST_BUCKET" or "uploads"
local stores = os.getenv "TEST_STORES" or "s3 dynamodb"
local entry_table = os.getenv "TEST_ENTRY_TABLE" or "lists"
local root = "manifest-test/" .. uuid.v4() .. "/"
local serial = 0

-- A manifest of its own for every test.
local function fresh()
  serial = serial + 1
  return ("%s%d/images.json"):format(root, serial)
end

local function source(name, body)
  local key = root .. name
  local written = s3.put { bucket = bucket, key = key, body = body }
  return { bucket = bucket, key = key, etag = written.etag }
end

local function update(key, entry, from)
  return (manifest.update { bucket = bucket, key = key, entry = entry, source = from })
end

t.test("entries are created, changed in place and taken out", function()
  local key = fresh()
  local entries, etag = manifest.read { bucket = bucket, key = key }
  t.equal({ entries, etag }, { {}, nil })
  t.equal(update(key, { name = "a", n = 1 }), "updated")
  t.equal(update(key, { name = "b", n = 2 }), "updated")
  t.equal(update(key, { name = "a", n = 3 }), "updated")
  local object = s3.get { bucket = bucket, key = key }
  t.equal(object.body, '[\n{"n":3,"name":"a"},\n{"n":2,"name":"b"}\n]\n')
  t.equal({ object.content_type, object.cache_control }, { "application/json", "no-cache" })
  t.equal(update(key, { name = "a", n = 3 }), "unchanged")
  t.equal(s3.head({ bucket = bucket, key = key }).last_modified, object.last_modified)
  t.equal(select(2, manifest.read { bucket = bucket, key = key }), object.etag)
  t.equal(manifest.find { bucket = bucket, key = key, name = "b" }, { name = "b", n = 2 })
  t.equal((manifest.remove { bucket = bucket, key = key, name = "a" }), "removed")
  t.equal((manifest.remove { bucket = bucket, key = key, name = "a" }), "absent")
  t.equal(manifest.read { bucket = bucket, key = key }, { { name = "b", n = 2 } })
end)

t.test("writers at the same time lose nothing to one another", function()
  local key, names = fresh(), {}
  for i = 1, 24 do names[i] = ("photo-%02d"):format(i) end
  task.map(names, function(name) update(key, { name = name, by = { name } }) end,
    { concurrency = 8 })
  local found = {}
  for i, entry in ipairs(manifest.read { bucket = bucket, key = key }) do found[i] = entry.name end
  table.sort(found)
  t.equal(found, names)
end)

t.test("with a table, too, and the object says what the table does", function()
  local has_table = stores:find("dynamodb", 1, true) and entry_table ~= ""
  if not has_table then t.skip "this server has no such table" end
  local key, names = fresh(), {}
  for i = 1, 24 do names[i] = ("photo-%02d"):format(i) end
  local function change(name, by)
    local entry = { name = name, by = { by } }
    return (manifest.update { bucket = bucket, key = key, table = entry_table, entry = entry })
  end
  local function remove(name)
    return (manifest.remove { bucket = bucket, key = key, table = entry_table, name = name })
  end
  task.map(names, function(name) t.equal(change(name, "first"), "updated") end,
    { concurrency = 8 })
  task.map({ table.unpack(names, 1, 6) }, function(name) t.equal(remove(name), "removed") end)
  t.equal(change("photo-07", "second"), "updated")
  t.equal(change("photo-07", "second"), "unchanged")
  local found = {}
  for _, entry in ipairs(manifest.read { bucket = bucket, key = key }) do
    found[#found + 1] = entry.name
    t.equal(entry.by, { entry.name == "photo-07" and "second" or "first" })
  end
  table.sort(found)
  t.equal(found, { table.unpack(names, 7) })
end)

t.test("only the source's present version is shown", function()
  local key = fresh()
  local first = source("cat", "one")
  local second = source("cat", "two")
  local function entry(from) return { name = "cat", etag = from.etag } end
  local function remove(from)
    return (manifest.remove { bucket = bucket, key = key, name = "cat", source = from })
  end
  t.equal(update(key, entry(first), first), "superseded")
  t.equal(update(key, entry(second), second), "updated")
  t.equal(remove { bucket = bucket, key = second.key }, "superseded")
  t.equal(remove(first), "superseded")
  s3.delete { bucket = bucket, key = second.key }
  t.equal(update(key, entry(second), second), "gone")
  t.equal(manifest.read { bucket = bucket, key = key }, {})
  t.equal(remove { bucket = bucket, key = second.key }, "absent")
end)

t.test("a damaged manifest is left as it is", function()
  local key = fresh()
  for _, body in ipairs { "", "{}", '[{"name":"a"},{"name":"a"}]' } do
    s3.put { bucket = bucket, key = key, body = body }
    local err = t.raises("manifest_damaged", update, key, { name = "z" })
    t.equal(err.code, "manifest_damaged")
    t.equal(s3.get({ bucket = bucket, key = key }).body, body)
  end
end)

t.test("what others wrote by hand stays", function()
  local key = fresh()
  local theirs = { { comment = "no name" }, { name = "b", tags = json.array {}, size = 1.5 } }
  s3.put { bucket = bucket, key = key, body = json.encode(theirs) }
  t.equal(update(key, { name = "a" }), "updated")
  t.equal(update(key, { name = "b", size = 2 }), "updated")
  t.equal(s3.get({ bucket = bucket, key = key }).body,
    '[\n{"comment":"no name"},\n{"name":"b","size":2,"tags":[]},\n{"name":"a"}\n]\n')
end)
