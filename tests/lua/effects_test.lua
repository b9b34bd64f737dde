-- The internal module `effects`: what the store calls of a script did.

local t = ...
local s3, effects = require "s3", require "effects"

local bucket = os.getenv "TEST_BUCKET" or "uploads"

t.test("records what was done, oldest first", function()
  effects.clear()
  s3.put { bucket = bucket, key = "effects-test/a", body = "12345" }
  s3.get { bucket = bucket, key = "effects-test/a", range = { 0, 1 } }
  s3.find { bucket = bucket, key = "effects-test/b" }
  s3.put { bucket = bucket, key = "effects-test/a", body = "x", if_none_match = "*" }
  s3.list { bucket = bucket, prefix = "effects-test/p" }
  local list = effects.list()
  for _, effect in ipairs(list) do
    t.ok(effect.milliseconds >= 0 and effect.milliseconds < 60000)
    effect.milliseconds = nil
    effect.attempts = nil -- a server's failure was tried, a folder's was not
  end
  t.equal(list, {
    { operation = "s3.put", place = bucket, key = "effects-test/a", bytes = 5, status = 200, write = true },
    { operation = "s3.get", place = bucket, key = "effects-test/a", bytes = 2, status = 200, write = false },
    { operation = "s3.find", place = bucket, key = "effects-test/b", bytes = 0, status = 404,
      code = "NoSuchKey", write = false },
    { operation = "s3.put", place = bucket, key = "effects-test/a", bytes = 1, status = 412,
      code = "PreconditionFailed", write = true },
    { operation = "s3.list", place = bucket, key = "effects-test/p", bytes = 0, status = 200, write = false },
  })
  t.equal(effects.counts(), { reads = 2, writes = 1, failures = 2 })
  effects.clear()
  t.equal(effects.list(), {})
  t.equal(effects.counts(), { reads = 0, writes = 0, failures = 0 })
end)

t.test("forgets the oldest beyond its bound, but keeps counting", function()
  effects.clear()
  for i = 1, 1005 do s3.find { bucket = bucket, key = "effects-test/k" .. i } end
  local list = effects.list()
  t.equal(#list, 1000)
  t.equal(list[1].key, "effects-test/k6")
  t.equal(list[1000].key, "effects-test/k1005")
  t.equal(effects.counts().failures, 1005)
end)
