-- The text that commands lay out: columns, figures, what is cut.
local t = ...

local layout = require "commands.table"

t.test("columns are as wide as their widest text", function()
  local text = layout.table({ { title = "name" }, { title = "n", right = true }, { title = "z" } },
    { { "a", "1", "x" }, { "äöü--", "22" }, { "b", "3", "a long remark", long = 3 } })
  t.equal(text, table.concat({
    "name    n  z",
    "a       1  x",
    "äöü--  22",
    "b       3  a long remark",
  }, "\n"))
end)

t.test("what a file name may do to a terminal, it does not", function()
  t.equal(layout.table({ { title = "a" } }, { { "x\27[31m\ny" } }), "a\nx?[31m?y")
  t.equal(layout.cut("a\tb\127\u{9b}1m\u{202e}gpj\u{2067}ü", 20), "a?b??1m?gpj?ü")
end)

t.test("bytes as people write them", function()
  local cases = {
    { 0, "0 B" }, { 999, "999 B" }, { 1000, "1.0 kB" }, { 99949, "99.9 kB" }, { 99950, "100 kB" },
    { 999499, "999 kB" }, { 999500, "1.0 MB" }, { 2000000, "2.0 MB" }, { 5000000000, "5.0 GB" },
    { 5000000000000, "5000 GB" },
  }
  for _, case in ipairs(cases) do t.equal(layout.bytes(case[1]), case[2]) end
  t.equal(layout.bytes(nil), "")
  t.equal(layout.pixels(3, 4), "3x4")
  t.equal(layout.pixels(nil, 4), "")
end)

t.test("what is too long is cut between characters", function()
  local cases = {
    { "abcdef", 6, "abcdef" }, { "abcdefg", 6, "abc..." }, { "ääääääää", 6, "äää..." },
    { "\xff\xfe\xfd\xfc\xfb\xfa\xf9", 6, "\xff\xfe\xfd..." },
  }
  for _, case in ipairs(cases) do t.equal(layout.cut(case[1], case[2]), case[3]) end
end)
