-- The module `manifest`: its rules as text, and its I/O against fakes that fail, lose answers and
-- run many writers in every order. With a table: manifest_table_test.lua.
local t = ...

local fake = t.helper "manifest_world"
local json = require "json"
local manifest = require "manifest"
local schedule = t.helper "schedule"
local text = require "lunette.manifest_text"

-- ---- the rules, as text ------------------------------------------------------------------------

local function parsed(bytes)
  return assert(text.parse(bytes))
end

local seq_1, seq_2, seq_3 = ("1"):rep(32), ("2"):rep(32), ("3"):rep(32)

t.test("an update appends, replaces in place, and keeps what it does not know", function()
  local cases = {
    { "[]", { name = "a" }, "updated", '[\n{"name":"a"}\n]\n' },
    { '[{"name":"a"}]', { name = "b", n = 1 }, "updated",
      '[\n{"name":"a"},\n{"n":1,"name":"b"}\n]\n' },
    { '[{"name":"a","n":1},{"name":"b"}]', { name = "a", n = 2 }, "updated",
      '[\n{"n":2,"name":"a"},\n{"name":"b"}\n]\n' },
    { '[{"name":"a","tags":[],"by":{"hand":true}}]', { name = "a", n = 1 }, "updated",
      '[\n{"by":{"hand":true},"n":1,"name":"a","tags":[]}\n]\n' },
    { '[{"comment":"no name"},{"name":"a"}]', { name = "a", n = 1 }, "updated",
      '[\n{"comment":"no name"},\n{"n":1,"name":"a"}\n]\n' },
    { '[ {"n" : 1, "name" : "a"} ]', { name = "a", n = 1 }, "unchanged" },
    { '[{"name":"a","sequencer":"' .. seq_2 .. '"}]', { name = "a", n = 9, sequencer = seq_1 },
      "superseded" },
    { '[{"name":"a","sequencer":"' .. seq_2 .. '"}]', { name = "a", sequencer = seq_2 },
      "unchanged" },
    { '[{"name":"a","sequencer":7}]', { name = "a", sequencer = seq_1 }, "updated",
      '[\n{"name":"a","sequencer":"' .. seq_1 .. '"}\n]\n' },
  }
  for _, case in ipairs(cases) do
    local list, entry = parsed(case[1]), case[2]
    local status, new = text.update(text.find(list, entry.name), entry)
    t.equal({ status, new and text.with(list, entry.name, new) }, { case[3], case[4] }, case[1])
  end
end)

t.test("a removal takes one entry out", function()
  local cases = {
    { "[]", "a", nil, "absent" },
    { '[{"name":"a"}]', "a", nil, "removed", "[]\n" },
    { '[{"name":"a"},{"name":"b"}]', "a", nil, "removed", '[\n{"name":"b"}\n]\n' },
    { '[{"name":"a","sequencer":"' .. seq_3 .. '"}]', "a", seq_2, "superseded" },
    { '[{"name":"a","sequencer":"' .. seq_1 .. '"}]', "a", seq_2, "removed", "[]\n" },
  }
  for _, case in ipairs(cases) do
    local list, name = parsed(case[1]), case[2]
    local status = text.remove(text.find(list, name), case[3])
    t.equal({ status, status == "removed" and text.with(list, name) or nil },
      { case[4], case[5] }, case[1])
  end
end)

t.test("what was given is not changed", function()
  local list = parsed '[{"name":"a"},{"name":"b"}]'
  text.update(list[1], { name = "a", n = 1 })
  text.with(list, "a", { name = "a", n = 1 })
  text.with(list, "b")
  t.equal(text.serialise(list), '[\n{"name":"a"},\n{"name":"b"}\n]\n')
end)

local damaged = {
  { "", "is not valid JSON" },
  { "[{]", "is not valid JSON" },
  { '[{"name":"a"}] x', "is not valid JSON" },
  { "{}", "is not a JSON array" },
  { '"images"', "is not a JSON array" },
  { "null", "is not a JSON array" },
  { "[1]", "not an object, at place 1" },
  { '[{"name":"a"},[]]', "not an object, at place 2" },
  { '[{"name":"a"},{"name":"b"},{"name":"a"}]', "the name 'a' twice, at places 1 and 3" },
}

t.test("a damaged manifest is not understood", function()
  for _, case in ipairs(damaged) do
    local list, wrong = text.parse(case[1])
    t.equal(list, nil, case[1])
    t.ok(wrong:find(case[2], 1, true), wrong)
  end
end)

-- ---- a bucket that lives in a table ------------------------------------------------------------

local function quiet() end

local function entries(world)
  return json.decode(world.objects["images.json"].body)
end

t.test("the first update creates the manifest, for everybody to read", function()
  local world = fake.world(quiet)
  t.equal(manifest(world).update { bucket = "b", entry = { name = "a" } }, "updated")
  local put = world.objects["images.json"].options
  t.equal({ put.body, put.content_type, put.cache_control, put.if_none_match },
    { '[\n{"name":"a"}\n]\n', "application/json", "no-cache", "*" })
end)

t.test("the same update again writes nothing", function()
  local world = fake.world(quiet)
  local m = manifest(world)
  m.update { bucket = "b", entry = { name = "a", n = 1 } }
  t.equal(m.update { bucket = "b", entry = { name = "a", n = 1 } }, "unchanged")
  t.equal(world.writes, 1)
  t.equal(m.find { bucket = "b", name = "a" }, { name = "a", n = 1 })
  t.equal(m.find { bucket = "b", name = "x" }, nil)
end)

t.test("a damaged manifest is never overwritten", function()
  for _, case in ipairs(damaged) do
    local world = fake.world(quiet)
    world.place("images.json", case[1])
    local err = t.raises(case[2], manifest(world).update, { bucket = "b", entry = { name = "z" } })
    t.equal(err.code, "manifest_damaged")
    t.raises(case[2], manifest(world).remove, { bucket = "b", name = "z" })
    t.equal({ world.writes, world.objects["images.json"].body }, { 0, case[1] })
  end
end)

t.test("a manifest beyond the limit is neither read nor written", function()
  local world = fake.world(quiet)
  world.place("images.json", "[" .. (" "):rep(8 * 1024 * 1024) .. "]")
  local err = t.raises("larger than 8388608", manifest(world).update,
    { bucket = "b", entry = { name = "a" } })
  t.equal(err.code, "manifest_too_large")
  world.objects = {}
  t.raises("the limit is 8388608", manifest(world).update,
    { bucket = "b", entry = { name = "a", text = ("x"):rep(8 * 1024 * 1024) } })
  t.equal(world.writes, 0)
end)

t.test("a lost answer is not a second write", function()
  local lost = false
  local world = fake.world(function(what)
    if what == "put" and not lost then lost = true; return true end
  end)
  t.equal(manifest(world).update { bucket = "b", entry = { name = "a" } }, "unchanged")
  t.equal(world.writes, 1)
end)

t.test("a forbidden look may create, never overwrite", function()
  local world = fake.world(function(what)
    if what == "get" then error(fake.error("AccessDenied", 403), 0) end
  end)
  t.equal(manifest(world).update { bucket = "b", entry = { name = "a" } }, "updated")
  t.raises("AccessDenied", manifest(world).update, { bucket = "b", entry = { name = "b" } })
  t.equal(world.writes, 1)
  t.raises("AccessDenied", manifest(world).read, { bucket = "b" })
end)

t.test("always losing ends in a retryable conflict, within the time", function()
  local n = 0
  local world
  world = fake.world(function(what)
    n = n + 1
    if what == "put" then world.place("images.json", ('[{"n":%d,"name":"other"}]'):format(n)) end
  end)
  world.left_ms = 10000
  local err = t.raises("changed by others", manifest(world).update,
    { bucket = "b", entry = { name = "a" } })
  t.equal({ err.code, err.retryable }, { "conflict", true })
  t.ok(world.left_ms >= 1500, "the reserve was used up")
  t.ok(world.slept_ms > 0, "no pause between attempts")
end)

t.test("what will not pass is raised at once", function()
  for _, code in ipairs { "AccessDenied", "deadline", "NoSuchBucket" } do
    local puts = 0
    local world = fake.world(function(what)
      if what ~= "put" then return end
      puts = puts + 1
      error(fake.error(code, nil, code == "deadline"), 0)
    end)
    t.raises(code, manifest(world).update, { bucket = "b", entry = { name = "a" } })
    t.equal(puts, 1)
  end
end)

t.test("only the source's present voice is heard", function()
  local world = fake.world(quiet)
  local m = manifest(world)
  local function update(etag)
    return m.update { bucket = "b", entry = { name = "a", etag = etag },
      source = { bucket = "in", key = "a", etag = etag } }
  end
  local function remove(etag)
    return m.remove { bucket = "b", name = "a", source = { bucket = "in", key = "a", etag = etag } }
  end
  world.place("a", "v2")
  t.equal(remove(nil), "superseded") -- by a second delivery, perhaps, of one who took it out
  t.equal(update '"v1"', "superseded")
  t.equal(update '"v2"', "updated")
  t.equal(remove(nil), "superseded")
  t.equal(remove '"v1"', "superseded")
  world.objects.a = nil
  t.equal(update '"v2"', "gone")
  t.equal(#entries(world), 0)
  t.equal(remove(nil), "absent")
  world.place("a", "v3")
  t.equal(update '"v3"', "updated")
  t.equal(remove '"v3"', "removed")
end)

t.test("a source deleted just before the write does not stay in the manifest", function()
  local world
  world = fake.world(function(what) if what == "put" then world.objects.a = nil end end)
  world.place("a", "v1")
  t.equal(manifest(world).update { bucket = "b", entry = { name = "a" },
    source = { bucket = "in", key = "a", etag = '"v1"' } }, "gone")
  t.equal(#entries(world), 0)
end)

-- What is asked for, in its order. Nobody overtakes anybody here.
local function recorded(fields, also)
  local steps = {}
  local world
  world = fake.world(function(what)
    steps[#steps + 1] = what
    if also then also(world, what) end
  end)
  world.all = function(functions)
    for i = #functions, 1, -1 do functions[i]() end
  end
  world.place("a", "v1")
  fields.bucket, fields.source = "b", { bucket = "in", key = "a", etag = '"v1"' }
  if fields.make == true then
    fields.name = "a"
    fields.make = function()
      steps[#steps + 1] = "made"
      return { name = "a" }
    end
    fields.meanwhile = function(entry) steps[#steps + 1] = "meanwhile " .. entry.name end
  end
  local status = manifest(world).update(fields)
  return status, table.concat(steps, " "), world
end

t.test("an entry is made while the manifest and its source are looked at", function()
  local status, steps = recorded { entry = { name = "a" } }
  t.equal({ status, steps }, { "updated", "get head put head" })
  local world
  status, steps, world = recorded { make = true }
  t.equal({ status, steps }, { "updated", "get head made meanwhile a put head" })
  t.equal(entries(world), { { name = "a" } })
  status, steps = recorded { make = true, table = "t" }
  t.equal({ status, (steps:gsub("item_put.*", "item_put")) },
    { "updated", "item_get get head made meanwhile a item_put" })
end)

t.test("what was seen while it was made counts once", function()
  local is_lost
  local status, steps = recorded({ make = true }, function(world, what)
    if what ~= "put" or is_lost then return end
    is_lost = true
    world.place("images.json", "[]")
    world.place("a", "v2")
  end)
  t.equal({ status, steps },
    { "superseded", "get head made meanwhile a put sleep get head" })
end)

t.test("an entry that can't be made is no entry", function()
  local world = fake.world(quiet)
  local function update(make)
    return manifest(world).update { bucket = "b", name = "a", make = make }
  end
  t.raises("no such photo", update, function() error("no such photo", 0) end)
  t.raises("'make' returned no entry with the name 'a'", update, function() end)
  t.raises("'make' returned no entry with the name 'a'", update,
    function() return { name = "b" } end)
  t.equal(world.writes, 0)
end)

-- ---- every order of many writers ---------------------------------------------------------------

-- Sources come and go; each change sends its event once or twice, in any order, to handlers that
-- run interleaved and sometimes die half-way (and then get their event again). In the end the
-- manifest must be what is in the bucket.
local function run_model(seed)
  math.randomseed(seed)
  local world = fake.world(function()
    coroutine.yield()
    if math.random() < 0.03 then error(fake.error("crash"), 0) end
    return math.random() < 0.05
  end)
  schedule.storm { changes = math.random(3, 12), pace = math.random() ^ 2, delay = 20, twice = 0.3,
    change = function(deliver) fake.change_source(world, 3, deliver) end,
    handle = fake.handler(world, manifest(world)),
    expected = function(err) return err.code == "crash" end,
  }
  local is, should = fake.compare(world)
  t.equal(is, should, "seed " .. seed)
end

t.test("whatever the order, the manifest becomes what is in the bucket", function()
  for seed = 1, 1000 do run_model(seed) end
end)

-- ---- arguments ---------------------------------------------------------------------------------

t.test("wrong arguments are named", function()
  local m = manifest(fake.world(quiet))
  t.raises("field 'bucket' is missing", m.update, { entry = { name = "a" } })
  t.raises("field 'entry' is missing", m.update, { bucket = "b" })
  local function make() end
  t.raises("fields 'entry' and 'make' exclude each other", m.update,
    { bucket = "b", entry = { name = "a" }, make = make })
  t.raises("field 'name' is missing", m.update, { bucket = "b", make = make })
  t.raises("field 'name' goes with 'make'", m.update,
    { bucket = "b", entry = { name = "a" }, name = "a" })
  t.raises("field 'entry.name' is not a non-empty string", m.update, { bucket = "b", entry = {} })
  t.raises("unknown field 'buckt', did you mean 'bucket'?", m.read, { buckt = "b" })
  t.raises("in field 'source': field 'etag' is missing", m.update,
    { bucket = "b", entry = { name = "a" }, source = { bucket = "in", key = "k" } })
  t.raises("in field 'source': unknown field 'kye', did you mean 'key'?", m.remove,
    { bucket = "b", name = "a", source = { bucket = "in", kye = "k" } })
  t.raises("field 'name' is missing", m.remove, { bucket = "b" })
end)
