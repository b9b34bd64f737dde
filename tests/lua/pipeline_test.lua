-- The module `pipeline`: what it makes of rules, what it refuses, and that the last word is the
-- source's, whoever writes when.
local t = ...

local dynamodb = require "dynamodb"
local events = require "events"
local image = require "image"
local pipeline = require "pipeline"
local s3 = require "s3"
local store = require "store"

store.declare_bucket "images"

local gif, jpeg, png = t.read("build/samples/phases.gif"), t.read("build/samples/harbour.jpg"),
  t.read("build/samples/moon.png")

local function upload_of(key)
  return events.uploads({ bucket = "uploads", key = key })[1]
end

local function put(key, body)
  s3.put { bucket = "uploads", key = key, body = body }
  return upload_of(key)
end

local function keys()
  local list = {}
  for i, object in ipairs(s3.list({ bucket = "images" }).objects) do list[i] = object.key end
  return list
end

local function clear()
  for _, key in ipairs(keys()) do s3.delete { bucket = "images", key = key } end
end

local function small(more)
  local rules = { destination = "images", key = "small-{key}", pictures = { { width = 20 } } }
  for name, value in pairs(more or {}) do rules[name] = value end
  return pipeline.new(rules)
end

t.test("names: every word, and another extension where the format is another", function()
  local cases = {
    { "{key}", "a/b.c.jpg", jpeg, "a/b.c.jpg" },
    { "{folder}x-{name}", "a/b.c.jpg", jpeg, "a/x-b.c.jpg" },
    { "{stem}.{extension}", "a/b.c.JPEG", jpeg, "b.c.jpg" },
    { "p-{folder}{renamed}", "a/b.GIF", gif, "p-a/b.jpg" },
    { "p-{folder}{renamed}", "a/b.png", png, "p-a/b.png" },
    { "p-{renamed}", "no-extension", gif, "p-no-extension.jpg" },
    { "{picture}/{width}x{height}/{key}", "b.png", png, "n/20x10/b.png" },
  }
  for _, case in ipairs(cases) do
    clear()
    local p = small { key = case[1], pictures = {
      { name = "n", width = 20, height = 10, format = { "jpeg", "png" } } } }
    p.settle(put(case[2], case[3]))
    t.equal(keys(), { case[4] }, case[1])
    s3.delete { bucket = "uploads", key = case[2] }
    p.settle(upload_of(case[2]))
    t.equal(keys(), {}, case[1])
  end
end)

t.test("what a rule is told", function()
  local seen
  local p = small { table = "things", cache_control = "max-age=1",
    pictures = { { name = "one", width = 20 } }, now_ms = function() return 1700000000999 end,
    item = function(upload, photo, pictures)
      seen = { upload = upload, photo = photo, pictures = pictures }
      return { key = upload.key }
    end }
  local result = p.settle(put("told.jpg", jpeg))
  local head = s3.head { bucket = "images", key = "small-told.jpg" }
  t.equal({ seen.photo.width, seen.photo.height, seen.photo.type, seen.photo.size, seen.photo.name },
    { 1680, 1120, "image/jpeg", #jpeg, "told.jpg" })
  t.equal(seen.pictures.one, { name = "one", bucket = "images", key = "small-told.jpg", width = 20,
    height = 13, type = "image/jpeg", size = head.size, made = "2023-11-14T22:13:20Z" })
  t.equal(seen.pictures[1], seen.pictures.one)
  t.equal({ head.cache_control, head.content_type }, { "max-age=1", "image/jpeg" })
  t.equal(dynamodb.get { table = "things", key = { id = result.id } },
    { id = result.id, key = "told.jpg" })
  local first = seen
  t.equal(p.settle(upload_of("told.jpg")).status, "unchanged")
  t.equal(seen.pictures, first.pictures) -- of what was made before it is told the same
end)

t.test("a slip in what a rule reads is said, not left out", function()
  local cases = {
    { "the photo: unknown field 'widht', did you mean 'width'?",
      function(_, photo) return { a = photo.widht } end },
    { "the upload: unknown field 'buket', did you mean 'bucket'?",
      function(upload) return { a = upload.buket } end },
    { "a picture: unknown field 'kye', did you mean 'key'?",
      function(_, _, pictures) return { a = pictures[1].kye } end },
    { "a picture: unknown field 'bytes', fields: name, bucket",
      function(_, _, pictures) return { a = pictures.one.bytes } end },
    { "unknown picture 'on', did you mean 'one'? pictures: one",
      function(_, _, pictures) return { a = pictures.on } end },
  }
  local upload = put("slip.jpg", jpeg)
  for _, case in ipairs(cases) do
    for _, rule in ipairs { { table = "things", item = case[2] }, { list = "l", entry = case[2] } } do
      rule.pictures = { { name = "one", width = 20 } }
      local slip = t.raises(case[1], small(rule).settle, upload)
      t.ok(slip.code == "usage" and slip.where:find "pipeline_test.lua:%d+", slip.where)
    end
  end
  local unnamed = small { list = "l", entry = function(_, _, pictures) return pictures.one end }
  t.raises("there is no picture 'one': the rules give them no names", unnamed.settle, upload)
end)

t.test("what an upload may say, and what is no slip", function()
  local seen
  local p = small { table = "things", pictures = { { width = 20 } },
    item = function(upload, photo, pictures)
      seen = { upload.version_id, upload.mine, pictures[2], pictures[1].name, n = #pictures }
      return { key = upload.key, upload = upload, photo = photo, pictures = pictures }
    end }
  local upload = put("whole.jpg", jpeg)
  upload.mine = "added"
  local id = p.settle(upload).id
  t.equal(seen, { [2] = "added", n = 1 })
  local item = dynamodb.get { table = "things", key = { id = id } }
  t.equal({ item.upload.mine, item.photo.width, item.pictures[1].width }, { "added", 1680, 20 })
  for field in t.read("bindings/api/events.lua"):match("@class events.upload\n(.-)\n\n")
      :gmatch "@field ([%w_]+)" do
    local ok, slip = pcall(small { list = "l", entry = function(told)
      return { a = tostring(told[field]) }
    end }.settle, upload)
    t.ok(ok, field .. ": " .. tostring(slip))
  end
end)

t.test("a changed rule makes all anew, once", function()
  local upload = put("edition.png", png)
  t.equal(small().settle(upload).status, "done")
  t.equal(small().settle(upload).status, "unchanged")
  t.equal(small({ edition = 2 }).settle(upload).status, "done")
  t.equal(small({ edition = 2 }).settle(upload).status, "unchanged")
  t.equal(small({ edition = 2, pictures = { { width = 21 } } }).settle(upload).status, "done")
end)

t.test("steps after the resize are a part of the rules", function()
  local upload = put("steps.png", png)
  local function with(radius)
    return small { pictures = { { width = 20, after = image.steps():round(radius) } } }
  end
  t.equal(with(3).settle(upload).status, "done")
  t.equal(with(3).settle(upload).status, "unchanged")
  t.equal(with(4).settle(upload).status, "done")
end)

t.test("an entry has its upload's name, so that it can go", function()
  local p = pipeline.new { list = "list.json", entry = function() return { name = "mine", a = 1 } end }
  p.settle(put("entry.png", png))
  local list = require "manifest".read { bucket = "uploads", key = "list.json" }
  t.equal({ #list, list[1].name, list[1].a }, { 1, "entry.png", 1 })
  s3.delete { bucket = "uploads", key = "entry.png" }
  p.settle(upload_of("entry.png"))
  t.equal(require "manifest".read { bucket = "uploads", key = "list.json" }, {})
end)

t.test("a photo that is replaced by one of another format leaves no picture behind", function()
  clear()
  local p = small { key = "{renamed}", pictures = { { width = 20, format = { "jpeg", "png" } } } }
  p.settle(put("other.png", png))
  t.equal(keys(), { "other.png" })
  p.settle(put("other.png", gif))
  t.equal(keys(), { "other.jpg" })
end)

t.test("two uploads of which the rules give both the same name", function()
  clear()
  local p = small { key = "{name}" }
  p.settle(put("a/same.png", png))
  local before = s3.head { bucket = "images", key = "same.png" }
  local err = t.raises("images/same.png is the picture of another upload", p.settle, put("b/same.png", png))
  t.equal({ err.code, err.status }, { "rejected", 409 })
  s3.delete { bucket = "uploads", key = "b/same.png" }
  t.equal(p.settle(upload_of("b/same.png")).status, "gone")
  t.equal(s3.head({ bucket = "images", key = "same.png" }).etag, before.etag)
  s3.delete { bucket = "uploads", key = "a/same.png" }
  p.settle(upload_of("a/same.png"))
  t.equal(keys(), {})
end)

t.test("what no pipeline has made is replaced, and not deleted", function()
  clear()
  s3.put { bucket = "images", key = "small-mine.png", body = "mine" }
  t.equal(small().settle(upload_of("mine.png")).status, "gone")
  t.equal(keys(), { "small-mine.png" })
  small().settle(put("mine.png", png))
  t.equal(image.probe(s3.get({ bucket = "images", key = "small-mine.png" }).body).width, 20)
end)

-- `finish` runs in the middle of the work: there, somebody else changes the source.
local function interrupted(change)
  local done = false
  return small { finish = function(picture)
    if not done then
      done = true
      change()
    end
    return picture
  end }
end

t.test("a photo that is replaced meanwhile: the pictures are those of the new one", function()
  local upload = put("race.jpg", jpeg)
  local p = interrupted(function()
    put("race.jpg", png)
    small().settle(upload) -- the new one's own event is faster
  end)
  t.equal(p.settle(upload).type, "image/png")
  t.equal(s3.head({ bucket = "images", key = "small-race.jpg" }).content_type, "image/png")
  t.equal(small().settle(upload).status, "unchanged")
end)

t.test("a photo that is deleted meanwhile leaves nothing", function()
  clear()
  local upload = put("race.jpg", jpeg)
  local p = interrupted(function()
    s3.delete { bucket = "uploads", key = "race.jpg" }
    small().settle(upload)
  end)
  t.equal(p.settle(upload).status, "deleted")
  t.equal(keys(), {})
end)

t.test("a broken photo that is replaced meanwhile is not held against the new one", function()
  clear()
  local upload = put("race.jpg", jpeg)
  local p = interrupted(function()
    put("race.jpg", png)
    error(select(2, pcall(image.open, "no photo")), 0)
  end)
  t.equal(p.settle(upload).type, "image/png")
end)

t.test("one that changes all the time is left to another delivery", function()
  local upload = put("race.jpg", jpeg)
  local n = 0
  local p = small { finish = function(picture)
    n = n + 1
    put("race.jpg", n % 2 == 0 and jpeg or png)
    return picture
  end }
  local err = t.raises("changes faster than it can be worked on", p.settle, upload)
  t.equal({ err.retryable, n }, { true, 5 })
end)

t.test("a photo that is too large is refused, and what it left before is taken back", function()
  clear()
  local p = small { max_bytes = 400000 }
  p.settle(put("large.jpg", jpeg))
  t.equal(#keys(), 1)
  t.raises("too_large", p.settle, put("large.jpg", jpeg .. ("x"):rep(200000)))
  t.equal(keys(), {})
end)

t.test("random ids: one for an upload as long as its pictures are there", function()
  clear()
  local p = small { table = "things", ids = "random", item = function(upload)
    return { key = upload.key }
  end }
  local upload = put("random.png", png)
  local id = p.settle(upload).id
  t.ok(id ~= pipeline.id("uploads", "random.png") and #id == 36)
  p.settle(upload)
  put("random.png", gif)
  t.equal(p.settle(upload).id, id)
  t.equal(dynamodb.get({ table = "things", key = { id = id } }).key, "random.png")
  s3.delete { bucket = "uploads", key = "random.png" }
  p.settle(upload)
  t.equal(dynamodb.get { table = "things", key = { id = id } }, nil)
end)

t.test("rules that make no sense are refused when they are loaded", function()
  local cases = {
    { {}, "nothing would come of an upload" },
    { { pictures = { {} } }, "'pictures' needs 'destination' and 'key'" },
    { { table = "things" }, "'table' needs 'item'" },
    { { list = "images.json" }, "'list' needs 'entry'" },
    { { key = "{kye}" }, "{kye}, which is none of its words" },
    { { key = "small.jpg" }, "uploads would share a picture" },
    { { pictures = { {}, {} } }, "gives pictures [1] and [2] the same name" },
    { { key = "{width}/{key}", pictures = { { width = 5 }, { width = 6 }, { width = 5, height = 1 } } },
      "gives pictures [1] and [3] the same name" },
    { { pictures = { 1 } }, "'pictures', [1]: is no table" },
    { { pictures = { { width = 20, hight = 20 } } }, "'hight'" },
    { { pictures = { { width = 20, format = { "jpeg", "tiff" } } } }, "'format'" },
    { { ids = "none" }, "field 'ids' is 'none'" },
    { { quality = 70 }, "unknown field 'quality'" },
  }
  for i, case in ipairs(cases) do
    t.raises(case[2], i > 4 and small or pipeline.new, case[1])
  end
end)

t.test("a rule that it does not have is not silently none", function()
  local p = small()
  local slip = t.raises("unknown field 'setle', did you mean 'settle'?", function() return p.setle end)
  t.ok(slip.where:find "pipeline_test.lua:%d+", slip.where)
end)

t.test("it does not write where uploads arrive", function()
  local p = small { destination = "uploads" }
  t.raises("that would never end", p.settle, put("a.png", png))
end)

t.test("the id of an upload is always the same, and another one's another", function()
  t.equal(pipeline.id("uploads", "cat.jpg"), pipeline.id("uploads", "cat.jpg"))
  t.ok(pipeline.id("uploads", "cat.jpg") ~= pipeline.id("uploads", "dog.jpg"))
  t.ok(pipeline.id("uploads", "cat.jpg") ~= pipeline.id("upload", "s/cat.jpg"))
end)
