-- The module `log`: what may be called how. What a line looks like is in tests/unit/log_test.c and
-- tests/cli/log_test.sh.

local t = ...
local log = require "log"

t.test("wrong calls name what is wrong", function()
  for _, level in ipairs { "trace", "debug", "info", "warn", "error" } do
    t.raises("value expected", log[level])
  end
  t.raises("bad argument #2 to 'error' (a table of named fields expected, got number)", log.error, "x", 1)
  t.raises("bad argument #2 to 'error' (fields have names", log.error, "x", { 1 })
  t.raises("bad argument #1 to 'append' (a table of named fields expected, got nil)", log.append)
  local many = {}
  for i = 1, 65 do many["f" .. i] = i end
  t.raises("65 fields, a line has at most 64", log.append, many)
  t.raises("appended log fields are more than 4096 bytes", log.append, { x = ("x"):rep(5000) })
end)
