-- The module `uuid`, by RFC 9562.

local t = ...
local uuid = require "uuid"

local function shape(version)
  return "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-" .. version .. "%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
end

t.test("version 4 is random", function()
  local seen = {}
  for _ = 1, 1000 do
    local id = uuid.v4()
    t.ok(id:match(shape(4)), id)
    t.ok(not seen[id], "seen before")
    seen[id] = true
  end
end)

t.test("version 7 begins with the time", function()
  local before = os.time() * 1000
  local id = uuid.v7()
  t.ok(id:match(shape(7)), id)
  local ms = tonumber(id:sub(1, 8) .. id:sub(10, 13), 16)
  t.ok(ms >= before and ms <= before + 300000, ms - before)
end)

t.test("version 5 is the same for the same name", function()
  t.equal(uuid.v5 { namespace = "dns", name = "www.example.com" },
    "2ed6657d-e927-568b-95e1-2665a8aea6a2")
  t.equal(uuid.v5 { namespace = "6BA7B810-9dad-11d1-80b4-00c04fd430c8", name = "www.example.com" },
    "2ed6657d-e927-568b-95e1-2665a8aea6a2")
  t.equal(uuid.v5 { namespace = "url", name = "" }, uuid.v5 { namespace = "url", name = "" })
  t.ok(uuid.v5 { namespace = "url", name = "a" } ~= uuid.v5 { namespace = "oid", name = "a" })
end)

t.test("wrong calls name what is wrong", function()
  t.raises("field 'namespace' is missing", uuid.v5, { name = "a" })
  for _, namespace in ipairs { "", "dnss", "6ba7b8109dad11d180b400c04fd430c8",
    "6ba7b810-9dad-11d1-80b4-00c04fd430cg", "6ba7b810-9dad-11d1-80b4-00c04fd430c8 " } do
    t.raises("expected a UUID or one of dns, url, oid, x500", uuid.v5,
      { name = "a", namespace = namespace })
  end
end)
