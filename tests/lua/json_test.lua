-- The module `json`: values survive both ways, or it says why not.

local t = ...
local json = require "json"

t.test("numbers keep their kind and value", function()
  local cases = {
    { "0", 0 }, { "-0", 0 }, { "1", 1 }, { "1.0", 1 }, { "1e3", 1000 }, { "2.5", 2.5 },
    { "9007199254740991", 9007199254740991 }, { "9007199254740993", 9007199254740993 },
    { "9223372036854775807", math.maxinteger }, { "-9223372036854775808", math.mininteger },
    { "1e300", 1e300 }, { "0.1", 0.1 },
  }
  for _, case in ipairs(cases) do
    t.equal(json.decode(case[1]), case[2], case[1])
    t.equal(json.decode("[" .. case[1] .. "]")[1], case[2], case[1])
    t.equal(json.decode('{"a":' .. case[1] .. "}").a, case[2], case[1])
  end
  t.equal("key-" .. json.decode("[1]")[1], "key-1")
end)

t.test("texts come back as they went", function()
  for _, text in ipairs {
    "[]", "{}", "[[],{},[[]]]", '{"a":[],"b":{}}', "null", "true", '""', "[null,null]",
    '{"n":9007199254740993}', "-9223372036854775808", "0.1", "1e+300", '"\\u0000\\u001f"',
    '"\195\188"', "[0.30000000000000004,5e-324,1.7976931348623157e+308]",
  } do
    t.equal(json.encode(json.decode(text)), text)
  end
end)

t.test("keys are sorted by their bytes", function()
  t.equal(json.encode { b = 1, a = 2, B = 3, ["a\0"] = 4, ab = 5 },
    '{"B":3,"a":2,"a\\u0000":4,"ab":5,"b":1}')
end)

t.test("of duplicate keys the last one wins", function()
  t.equal(json.decode('{"a":1,"a":2}'), { a = 2 })
end)

t.test("whole floats are written as integers up to 2^53", function()
  t.equal(json.encode { 1.0, -0.0, 2.0 ^ 53, 2.0 ^ 60, 1e15 },
    "[1,0,9007199254740992,1.152921504606847e+18,1000000000000000]")
end)

t.test("arrays are known when they are empty", function()
  t.equal(json.encode(json.array()), "[]")
  t.equal(json.encode(json.array {}), "[]")
  t.equal(json.encode {}, "{}")
  t.equal(json.encode(json.object(json.array {})), "{}")
  t.equal(json.encode { 1, 2 }, "[1,2]")
  t.ok(json.is_array(json.decode "[]"))
  t.ok(json.is_array { 1 })
  t.ok(not json.is_array {})
  t.ok(not json.is_array { a = 1 })
  t.ok(not json.is_array "text")
  local list = {}
  t.ok(json.array(list) == list, "the same table")
end)

t.test("indentation", function()
  t.equal(json.encode({ a = { 1, {} }, b = json.array {} }, { indent = 2 }), [[
{
  "a": [
    1,
    {}
  ],
  "b": []
}]])
  t.raises("field 'indent' is 9, expected 0 to 8", json.encode, 1, { indent = 9 })
  t.raises("unknown field 'indnt', did you mean 'indent'?", json.encode, 1, { indnt = 2 })
end)

t.test("what JSON can't say is refused with its path", function()
  local cycle = { a = {} }
  cycle.a.b = cycle
  local cases = {
    { { event = { tags = { 1, 2, print } } }, "event.tags[3] is a function, which JSON can't say" },
    { print, "the value is a function, which JSON can't say" },
    { { 0 / 0 }, "[1] is NaN" },
    { { a = 1 / 0 }, "a is infinite" },
    { { a = { ["x y"] = "\255" } }, 'a["x y"] holds bytes that are not UTF-8' },
    { { ["\255"] = 1 }, "holds bytes that are not UTF-8" },
    { cycle, "a.b is a table that contains itself" },
    { { 1, nil, 3 }, "the value is an array with a hole" },
    { { a = { 1, x = 2 } }, "a is an array with a hole or with named fields" },
    { { [2] = 1 }, "the value has keys that are neither" },
    { { [1.5] = 1 }, "the value has keys that are neither" },
    { { [true] = 1 }, "the value has keys that are neither" },
    { json.array { a = 1 }, "the value is an array with a hole or with named fields" },
    { { io.stdout }, "[1] is a userdata" },
  }
  for _, case in ipairs(cases) do
    local err = t.raises(case[2], json.encode, case[1])
    t.equal(err.code, "usage")
  end
end)

t.test("a table may stand in two places, but not within itself", function()
  local shared = { 1 }
  t.equal(json.encode { shared, shared }, "[[1],[1]]")
end)

t.test("depth is bounded both ways", function()
  local root = {}
  local deep = root
  for _ = 1, 127 do
    deep[1] = {}
    deep = deep[1]
  end
  t.equal(json.encode(root), ("["):rep(127) .. "{}" .. ("]"):rep(127))
  deep[1] = {}
  t.raises("is nested deeper than 128 levels", json.encode, root)
  t.raises("nested deeper than 128 levels at byte 129", json.decode, ("["):rep(200))
end)

t.test("what is not JSON is refused with its place", function()
  local err = t.raises("expected a value, found 'N' at byte 6, line 1", json.decode, '{"a":NaN}')
  t.equal(err.code, "bad_json")
  t.raises("the number 9223372036854775808 does not fit a 64-bit integer, at byte 2", json.decode,
    "[9223372036854775808]")
  t.raises("found byte 0x00 at byte 3", json.decode, "1 \0")
  t.raises("string expected, got number", json.decode, 1)
  t.raises("string expected, got no value", json.decode)
end)

t.test("a string can't pass for one of our marks", function()
  t.equal(json.decode '["\\u00ffA","\\u00ffI1",9007199254740993]', { "ÿA", "ÿI1", 9007199254740993 })
  t.raises("bytes that are not UTF-8", json.decode, '["\255A"]')
end)

t.test("null is json.null and not nil", function()
  local value = json.decode '{"a":null}'
  t.ok(value.a == json.null)
  t.equal(json.encode { a = json.null }, '{"a":null}')
  t.equal(json.encode(nil), "null")
  t.raises("value expected", json.encode)
end)

t.test("random values survive", function()
  math.randomseed(1, 2)
  local function random_value(depth)
    local kind = math.random(depth > 4 and 5 or 7)
    if kind == 1 then return math.random(0) end
    if kind == 2 then return math.random() * 10.0 ^ math.random(-300, 300) + 0.5 end
    if kind == 3 then return math.random(-1000, 1000) end
    if kind == 4 then return utf8.char(math.random(0, 0xD7FF), math.random(0xE000, 0x10FFFF)) end
    if kind == 5 then return math.random() < 0.5 end
    local value = kind == 6 and json.array {} or {}
    for i = 1, math.random(0, 5) do
      value[kind == 6 and i or utf8.char(math.random(1, 0x7FF))] = random_value(depth + 1)
    end
    return value
  end
  local function whole(value) -- whole floats become integers: compare by text
    return json.encode(value)
  end
  for _ = 1, 500 do
    local value = random_value(0)
    local text = json.encode(value)
    t.equal(whole(json.decode(text)), text)
    t.equal(json.encode(json.decode(json.encode(value, { indent = 3 }))), text)
  end
end)
