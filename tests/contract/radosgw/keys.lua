-- Ends of keys that something on the way would like to tidy up: encoders, shells, paths.

local keys = {
  "a b", "a+b", "100%", "%2F", "%25", "a//b", "a/../b", "../a", "./a", "a/.", "a/", "/a", "ü", "😀",
  "?a=b&c#d", "~-_.!*'()", ":@,;$", [["quotes" \ ` | < > { } [ ] ^]], "tab\tend", "\1\127",
}
keys[#keys + 1] = ("k"):rep(1000)

return keys
