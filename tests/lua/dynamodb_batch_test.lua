-- What batches do when the table is throttled: a store that leaves a part unprocessed, as the
-- embedded one never does, stands in for it.

local t = ...
local core = require "dynamodb_core"

-- The module on a store whose answers are `answer(name, body)`; what it slept goes into `slept`.
local function module_with(answer, slept, remaining_ms)
  local fake_core = setmetatable({
    call = function(name, _, _, body) return answer(name, body) end,
  }, { __index = core })
  local fake_task = {
    sleep = function(milliseconds)
      t.equal(math.type(milliseconds), "integer")
      slept[#slept + 1] = milliseconds
    end,
    remaining_ms = function() return remaining_ms or math.maxinteger end,
  }
  local fakes = { dynamodb_core = fake_core, task = fake_task }
  local kept = {}
  for _, name in ipairs { "dynamodb_core", "task", "dynamodb", "lunette.dynamodb_expression" } do
    kept[name] = package.loaded[name] or false
    package.loaded[name] = fakes[name]
  end
  local module = require "dynamodb"
  for name, value in pairs(kept) do package.loaded[name] = value or nil end
  return module
end

t.test("batch_write sends again what came back, and only that", function()
  local bodies, slept = {}, {}
  local dynamodb = module_with(function(name, body)
    t.equal(name, "batch_write")
    bodies[#bodies + 1] = body
    if #bodies < 3 then return ('{"things":["rest %d"]}'):format(#bodies) end
  end, slept)
  t.equal(dynamodb.batch_write { table = "things", deletes = { { id = "a" } } }, true)
  t.equal(bodies, {
    '{"RequestItems":{"things":[{"DeleteRequest":{"Key":{"id":{"S":"a"}}}}]}}',
    '{"RequestItems":{"things":["rest 1"]}}',
    '{"RequestItems":{"things":["rest 2"]}}',
  })
  t.equal(#slept, 2)
end)

t.test("batch_write sends 25 at a time", function()
  local counts = {}
  local dynamodb = module_with(function(_, body)
    counts[#counts + 1] = select(2, body:gsub("PutRequest", ""))
  end, {})
  local puts = {}
  for i = 1, 55 do puts[i] = { id = tostring(i) } end
  dynamodb.batch_write { table = "things", puts = puts }
  t.equal(counts, { 25, 25, 5 })
end)

t.test("batch_get asks again for the keys that came back, and keeps what it has", function()
  local bodies = {}
  local dynamodb = module_with(function(_, body)
    bodies[#bodies + 1] = body
    local item = { id = tostring(#bodies) }
    return { things = { item } }, #bodies == 1 and '{"things":{"Keys":["b"]}}' or nil
  end, {})
  t.equal(dynamodb.batch_get { table = "things", keys = { { id = "a" }, { id = "b" } } },
    { { id = "1" }, { id = "2" } })
  t.equal(bodies, {
    '{"RequestItems":{"things":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}}]}}}',
    '{"RequestItems":{"things":{"Keys":["b"]}}}',
  })
end)

t.test("batches give up in the end, and say that it may be tried again", function()
  local calls, slept = 0, {}
  local dynamodb = module_with(function()
    calls = calls + 1
    return '{"things":[]}'
  end, slept)
  local err = t.raises("still not processed after 8 of 8 tries", dynamodb.batch_write,
    { table = "things", deletes = { { id = "a" } } })
  t.equal(err.code, "unprocessed")
  t.equal(err.retryable, true)
  t.equal(calls, 8)
  t.equal(#slept, 7)
  t.equal(err.attempts, 8)
  for i, ms in ipairs(slept) do
    t.ok(ms >= 0 and ms <= math.min(5000, 50 << (i - 1)), "pause " .. ms)
  end
end)

t.test("and earlier where there is no time for another try", function()
  local slept = {}
  local dynamodb = module_with(function() return '{"things":[]}' end, slept, 299)
  local err = t.raises("still not processed after 1 of 8 tries", dynamodb.batch_write,
    { table = "things", deletes = { { id = "a" } } })
  t.equal({ err.code, err.attempts, err.retryable, #slept }, { "unprocessed", 1, true, 0 })
end)
