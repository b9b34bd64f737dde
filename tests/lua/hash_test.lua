-- The module `hash`, against published vectors.

local t = ...
local hash = require "hash"

t.test("digests of the standards' vectors", function()
  local cases = {
    { "sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
    { "md5", "abc", "900150983cd24fb0d6963f7d28e17f72" },
    { "crc32", "123456789", "cbf43926" },
    { "crc32", "", "00000000" },
  }
  for _, case in ipairs(cases) do
    t.equal(hash[case[1]](case[2]), case[3], case[1] .. " of " .. case[2])
    t.equal(#hash[case[1]](case[2], { encoding = "raw" }), #case[3] // 2)
  end
end)

t.test("encodings", function()
  t.equal(hash.md5("abc", { encoding = "base64" }), "kAFQmDzST7DWlj99KOF/cg==")
  t.equal(hash.sha1("abc", { encoding = "base64" }), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")
  t.equal(hash.sha256("abc", { encoding = "base64" }),
    "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
  t.equal(hash.crc32("123456789", { encoding = "raw" }), "\xCB\xF4\x39\x26")
  t.equal(hash.md5("abc", {}), hash.md5("abc", { encoding = "hex" }))
end)

t.test("hmac of RFC 4231", function()
  t.equal(hash.hmac_sha256 { key = "Jefe", text = "what do ya want for nothing?" },
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  t.equal(hash.hmac_sha256 { key = ("\x0b"):rep(20), text = "Hi There" },
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
  t.equal(#hash.hmac_sha256 { key = "", text = "", encoding = "raw" }, 32)
end)

t.test("wrong calls name what is wrong", function()
  t.raises("string or bytes expected, got table", hash.sha256, {})
  t.raises("string or bytes expected, got number", hash.md5, 1)
  t.raises("field 'encoding' is 'hx', expected one of hex, base64, raw", hash.md5, "", { encoding = "hx" })
  t.raises("unknown field 'enc'", hash.crc32, "", { enc = "hex" })
  t.raises("field 'key' is missing", hash.hmac_sha256, { text = "" })
end)
