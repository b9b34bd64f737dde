-- The module `manifest` with a table: what stands in the items and in the object, who publishes,
-- and what he owes.
local t = ...

local fake = t.helper "manifest_world"
local json = require "json"
local manifest = require "manifest"
local schedule = t.helper "schedule"
local store = require "store"
local text = require "lunette.manifest_text"

local function quiet() end

-- The module with the options that all calls here share.
local function open(world)
  local m, bound = manifest(world), {}
  for _, name in ipairs { "update", "remove", "publish" } do
    bound[name] = function(options)
      options.bucket, options.table = "b", "lists"
      return m[name](options)
    end
  end
  return bound
end

local function body(world)
  local object = world.objects["images.json"]
  return object and object.body
end

local function published(world)
  local names = {}
  for i, entry in ipairs(json.decode(body(world))) do names[i] = entry.name or "?" end
  return table.concat(names, " ")
end

-- ---- the merge, as text ------------------------------------------------------------------------

t.test("a merge keeps the order, and what the table does not know", function()
  local function row(entry, since) return { entry = entry, since = since } end
  local cases = {
    { "[]", {}, "" },
    { '[{"name":"a"},{"name":"b"}]', {}, '{"name":"a"},{"name":"b"}' },
    { '[{"name":"b"},{"name":"a"}]', { a = row('{"n":1,"name":"a"}', 1) },
      '{"name":"b"},{"n":1,"name":"a"}' },
    { '[{"name":"b"},{"name":"a"}]', { b = row(nil) }, '{"name":"a"}' },
    { '[{"comment":"no name"}]', { a = row('{"name":"a"}', 1) },
      '{"comment":"no name"},{"name":"a"}' },
    { "[]", { a = row('{"name":"a"}', 3), b = row('{"name":"b"}', 2), c = row('{"name":"c"}', 2),
      d = row(nil) }, '{"name":"b"},{"name":"c"},{"name":"a"}' },
  }
  for _, case in ipairs(cases) do
    local merged = text.merge(assert(text.parse(case[1])), case[2])
    t.equal(merged:gsub("\n", ""), "[" .. case[3] .. "]", case[1])
  end
end)

t.test("what a list shows, and what it misses", function()
  local list = assert(text.parse '[{"name":"a"},{"name":"b"},{"comment":"no name"}]')
  local cases = {
    { {}, "" },
    { { a = { entry = '{"name":"a"}' } }, "" },
    { { a = { entry = '{"n":1,"name":"a"}' } }, "a" },
    { { a = {} }, "a" },
    { { c = {} }, "" },
    { { c = { entry = '{"name":"c"}' }, b = { entry = '{"name":"b"}' } }, "c" },
  }
  for _, case in ipairs(cases) do
    local missing = text.missing(list, case[1])
    t.equal(next(missing) or "", case[2])
    t.equal(text.shows(list, case[1]), case[2] == "")
  end
end)

-- ---- items and object --------------------------------------------------------------------------

t.test("an update writes the item, and then the object", function()
  local order = {}
  local world = fake.world(function(what) order[#order + 1] = what end)
  t.equal(open(world).update { entry = { name = "a", n = 1 } }, "updated")
  t.equal(world.items.a, { manifest = "b/images.json", name = "a", revision = 1, since = 1,
    entry = '{"n":1,"name":"a"}' })
  t.equal(body(world), '[\n{"n":1,"name":"a"}\n]\n')
  t.equal(table.concat(order, " "), "item_get get item_put item_pages put item_pages")
end)

t.test("the same update again writes nothing", function()
  local world = fake.world(quiet)
  local m = open(world)
  m.update { entry = { name = "a", n = 1 } }
  local status, previous = m.update { entry = { name = "a", n = 1 } }
  t.equal({ status, previous }, { "unchanged", { name = "a", n = 1 } })
  m.publish {}
  t.equal({ world.writes, world.item_writes }, { 1, 1 })
end)

t.test("an update keeps the place, and the fields that only the old entry has", function()
  local world = fake.world(quiet)
  local m = open(world)
  m.update { entry = { name = "b", n = 1, by = "hand" } }
  m.update { entry = { name = "a" } }
  local _, previous = m.update { entry = { name = "b", n = 2 } }
  t.equal(previous, { name = "b", n = 1, by = "hand" })
  t.equal(body(world), '[\n{"by":"hand","n":2,"name":"b"},\n{"name":"a"}\n]\n')
  t.equal({ world.items.b.revision, world.items.b.since }, { 2, 1 })
end)

t.test("a removal leaves an item that remembers it for thirty days", function()
  local world = fake.world(quiet)
  local m = open(world)
  m.update { entry = { name = "a" } }
  t.equal(m.remove { name = "a" }, "removed")
  t.equal(body(world), "[]\n")
  t.equal(world.items.a, { manifest = "b/images.json", name = "a", revision = 2,
    expires = 2 + 30 * 86400 })
  t.equal(m.remove { name = "a" }, "absent")
  t.equal(m.remove { name = "x" }, "absent")
  t.equal({ world.writes, world.item_writes }, { 2, 2 })
  t.equal(m.update { entry = { name = "a" } }, "updated")
  t.equal({ published(world), world.items.a.revision }, { "a", 3 })
end)

t.test("what came before its own removal does not come back", function()
  local one, two, three = ("1"):rep(32), ("2"):rep(32), ("3"):rep(32)
  local world = fake.world(quiet)
  local m = open(world)
  t.equal(m.remove { name = "a", sequencer = two }, "absent")
  t.equal(m.update { entry = { name = "a", sequencer = one } }, "superseded")
  t.equal(m.remove { name = "a", sequencer = one }, "absent")
  t.equal(world.item_writes, 1)
  t.equal(m.update { entry = { name = "a", sequencer = three } }, "updated")
  t.equal(m.remove { name = "a", sequencer = two }, "superseded")
  t.equal(published(world), "a")
end)

t.test("a manifest from before there was a table is kept, and taken over bit by bit", function()
  local world = fake.world(quiet)
  world.place("images.json",
    '[{"name":"old"},{"comment":"x"},{"name":"z","by":"hand"},{"name":"y"}]')
  local m = open(world)
  m.update { entry = { name = "new" } }
  t.equal(published(world), "old ? z y new")
  t.equal(m.update { entry = { name = "z", n = 1 } }, "updated")
  t.equal(world.items.z.entry, '{"by":"hand","n":1,"name":"z"}')
  t.equal(m.remove { name = "y" }, "removed")
  t.equal(m.update { entry = { name = "old" } }, "unchanged")
  t.equal(published(world), "old ? z new")
  t.equal(world.items.old, nil)
end)

t.test("a manifest that is lost comes back from the table, as it came", function()
  local world = fake.world(quiet)
  local m = open(world)
  for _, name in ipairs { "c", "b", "a" } do m.update { entry = { name = name } } end
  m.remove { name = "b" }
  world.objects["images.json"] = nil
  m.publish {}
  t.equal(published(world), "c a")
end)

t.test("only the source's present voice is heard", function()
  local world = fake.world(quiet)
  local m = open(world)
  local function update(etag)
    return m.update { entry = { name = "a", etag = etag },
      source = { bucket = "in", key = "a", etag = etag } }
  end
  local function remove(etag)
    return m.remove { name = "a", source = { bucket = "in", key = "a", etag = etag } }
  end
  world.place("a", "v2")
  t.equal({ update '"v1"', update '"v2"', remove(nil), (remove '"v1"') },
    { "superseded", "updated", "superseded", "superseded" })
  world.objects.a = nil
  t.equal({ update '"v2"', published(world), remove(nil) }, { "gone", "", "absent" })
end)

-- ---- who publishes, and what he owes -----------------------------------------------------------

t.test("who finds his item published by another writes nothing", function()
  local world
  world = fake.world(function(what)
    if what == "put" and world.writes == 0 then
      world.place("images.json", '[\n{"name":"other"},\n{"name":"a"}\n]\n')
    end
  end)
  t.equal(open(world).update { entry = { name = "a" } }, "updated")
  t.equal({ world.writes, published(world) }, { 0, "other a" })
end)

-- Runs the work of two, the second from beginning to end just before the first's write.
local function interrupted(first, second, lose_answer)
  local world
  local is_done = false
  world = fake.world(function(what)
    if what == "put" and not is_done then
      is_done = true
      second(open(world), world)
      return lose_answer
    end
  end)
  first(open(world), world)
  return world
end

t.test("what was taken out between the reading and the writing is taken out again", function()
  for _, lose_answer in ipairs { false, true } do
    local world = interrupted(function(m, world)
      world.items.a = { name = "a", revision = 1, since = 0, entry = '{"name":"a"}' }
      m.update { entry = { name = "b" } }
    end, function(m) m.remove { name = "a" } end, lose_answer)
    t.equal(published(world), "b", lose_answer and "with a lost answer" or "with an answer")
  end
end)

t.test("the second delivery of one who died makes good what he owed", function()
  local world, is_dead
  world = fake.world(function(what)
    if what ~= "item_pages" or is_dead or world.writes == 0 then return end
    is_dead = true
    error(fake.error("crash"), 0)
  end)
  world.items.a = { name = "a", revision = 1, since = 0, entry = '{"name":"a"}' }
  local m = open(world)
  t.raises("crash", m.update, { entry = { name = "b" } })
  world.items.a = { name = "a", revision = 2 } -- by one who had found no "a" published
  t.equal(published(world), "a b")
  t.equal(m.update { entry = { name = "b" } }, "unchanged")
  t.equal(published(world), "b")
end)

t.test("a delete that took out too much and died is made good by its second delivery", function()
  local world, is_dead
  world = fake.world(function(what)
    if what == "item_put" and not is_dead then world.place("a", "v2") end
    if what == "head" and world.objects.a and not is_dead then
      is_dead = true
      error(fake.error("crash"), 0)
    end
  end)
  local m = open(world)
  local source = { bucket = "in", key = "a" }
  world.items.a = { name = "a", revision = 1, since = 0, entry = '{"name":"a"}' }
  t.raises("crash", m.remove, { name = "a", source = source })
  t.equal(m.remove { name = "a", source = source }, "superseded")
end)

t.test("a lost answer leaves nothing behind", function()
  for _, what in ipairs { "put", "item_put" } do
    local lost = false
    local world = fake.world(function(step)
      if step == what and not lost then lost = true; return true end
    end)
    open(world).update { entry = { name = "a" } }
    t.equal({ published(world), world.writes, world.item_writes }, { "a", 1, 1 }, what)
  end
end)

t.test("always losing ends in a retryable conflict, within the time", function()
  local n, world = 0, nil
  world = fake.world(function(what)
    n = n + 1
    if what == "put" then world.place("images.json", ('[{"n":%d,"name":"other"}]'):format(n)) end
  end)
  world.left_ms = 10000
  local err = t.raises("changed by others", open(world).update, { entry = { name = "a" } })
  t.equal({ err.code, err.retryable }, { "conflict", true })
  t.ok(world.left_ms >= 1500, "the reserve was used up")
end)

-- ---- what is wrong with the table, and limits --------------------------------------------------

t.test("a damaged manifest is never overwritten", function()
  local world = fake.world(quiet)
  world.place("images.json", "{}")
  local err = t.raises("is not a JSON array", open(world).update, { entry = { name = "a" } })
  t.equal({ err.code, world.writes, world.item_writes }, { "manifest_damaged", 0, 0 })
end)

t.test("a table that is missing or has other keys is said to be so", function()
  if not store.is_local() then t.skip "it would need tables with other keys" end
  store.declare_table("lists", "manifest,name")
  store.declare_table("turned", "name,manifest")
  for name, reason in pairs { nowhere = "not found", things = "schema", lines = "schema",
    turned = "Query condition missed key schema element" } do
    local err = t.raises(reason, manifest.update,
      { bucket = "uploads", key = "t.json", table = name, entry = { name = "a" } })
    t.equal({ err.code, err.retryable }, { "manifest_table", false })
    for _, part in ipairs { "'" .. name .. "'", "s3://uploads/t.json", "'manifest'", "'name'" } do
      t.ok(tostring(err):find(part, 1, true), tostring(err))
    end
  end
  t.equal(manifest.update { bucket = "uploads", key = "t.json", table = "lists",
    entry = { name = "ü/ä" } }, "updated")
  t.equal(manifest.find { bucket = "uploads", key = "t.json", name = "ü/ä" }, { name = "ü/ä" })
end)

t.test("what a table can't hold is refused before anything is written", function()
  local world = fake.world(quiet)
  local m = open(world)
  local cases = {
    { { name = ("n"):rep(1025) }, "1025 bytes, in a table the limit is 1024" },
    { { name = "a", text = ("x"):rep(400 * 1024) }, "in a table the limit is 405504" },
  }
  for _, case in ipairs(cases) do
    local err = t.raises(case[2], m.update, { entry = case[1] })
    t.equal({ err.code, world.item_writes }, { "manifest_too_large", 0 })
  end
end)

t.test("items that are too much for one manifest are not published", function()
  local world = fake.world(quiet, 10)
  for i = 1, 30 do
    local entry = ('{"name":"%d","text":"%s"}'):format(i, ("x"):rep(300 * 1024))
    world.items[tostring(i)] = { name = tostring(i), entry = entry, revision = 1, since = 0 }
  end
  local err = t.raises("the limit is 8388608", open(world).update, { entry = { name = "a" } })
  t.equal({ err.code, world.writes }, { "manifest_too_large", 0 })
end)

-- ---- every order of many writers ---------------------------------------------------------------

-- Writers die before any operation, and lose the answers of writes that were carried out: in some
-- seeds, for the death of one repairs the faults of another. Few changes make what goes wrong last.
local function run_model(seed)
  math.randomseed(seed)
  local deaths, losses = math.random(0, 1) * 0.03, math.random(0, 1) * 0.05
  local world = fake.world(function()
    coroutine.yield()
    if math.random() < deaths then error(fake.error("crash"), 0) end
    return math.random() < losses
  end, math.random(1, 4))
  if math.random() < 0.1 then
    -- From before there was a table.
    world.place("images.json", [=[[{"etag":"\"v9\"","name":"old"},{"etag":"\"v1\"","name":"k1"}]]=])
    world.place("old", "v9")
    world.place("k1", "v1")
  end
  local is_small = math.random() < 0.8
  local keys = is_small and 2 or math.random(6)
  schedule.storm { changes = is_small and math.random(3, 6) or math.random(2, 60),
    pace = math.random() ^ 2, delay = 0, twice = math.random(0, 1) * 0.3,
    change = function(deliver) fake.change_source(world, keys, deliver) end,
    handle = fake.handler(world, manifest(world), { table = "lists" }),
    expected = function(err) return err.code == "crash" or err.code == "conflict" end,
  }
  return fake.compare(world)
end

t.test("whatever the order, the manifest becomes what is in the bucket", function()
  for seed = 1, 2000 do
    local is, should = run_model(seed)
    t.equal(is, should, "seed " .. seed)
  end
end)

-- ---- what it costs -----------------------------------------------------------------------------

-- Milliseconds, about those of S3 and DynamoDB within a region; each takes half to one and a half.
local took_ms = { get = 25, head = 15, put = 40, item_get = 6, item_put = 10, item_pages = 15 }

-- `count` uploads at once. Returns how often the object was looked at: by one on average, at most.
local function rounds(count)
  math.randomseed(count)
  local looks, most = {}, 0
  local world = fake.world(function(what, options)
    local me = coroutine.running()
    if what == "get" then looks[me] = (looks[me] or 0) + 1 end
    coroutine.yield(what == "sleep" and options or took_ms[what] * (0.5 + math.random()))
  end)
  for i = 1, count do world.place("k" .. i, "v1") end
  local handle = fake.handler(world, manifest(world), { table = "lists" })
  schedule.timed(count, 50, function(i) handle { key = "k" .. i, etag = '"v1"' } end)
  t.equal(#json.decode(body(world)), count)
  local sum = 0
  for _, n in pairs(looks) do sum, most = sum + n, math.max(most, n) end
  return sum / count, most
end

t.test("many uploads at once cost about two rounds each", function()
  t.equal({ rounds(1) }, { 1.0, 1 })
  for _, count in ipairs { 10, 100, 300 } do
    local mean, most = rounds(count)
    t.ok(mean < 2.5 and most <= 5,
      ("%d at once: %.2f rounds, at most %d"):format(count, mean, most))
  end
end)
