-- The module `env`. HOME and PATH are the only variables a test can count on; the checks of values
-- are in tests/unit/env_test.c.

local t = ...
local env = require "env"
local missing = "LUNETTE_TEST_NOT_SET"

t.test("get", function()
  t.equal(env.get "PATH", os.getenv "PATH")
  t.equal(env.get(missing), nil)
  t.equal(env.get(missing, "x"), "x")
  t.equal(env.get(missing, false), false)
  t.equal(env.get("PATH", "x"), os.getenv "PATH")
  t.raises("string expected", env.get)
end)

t.test("require names what is not set", function()
  t.equal(env.require "PATH", os.getenv "PATH")
  local err = t.raises("environment variable LUNETTE_TEST_NOT_SET is not set", env.require, missing)
  t.equal(err.code, "usage")
end)

t.test("integer", function()
  t.equal(env.integer { name = missing }, nil)
  t.equal(env.integer { name = missing, default = 3 }, 3)
  t.raises("environment variable PATH is '", env.integer, { name = "PATH", min = 1, max = 2 })
  t.raises("must be an integer from 1 to 2", env.integer, { name = "PATH", min = 1, max = 2 })
  t.raises("field 'name' is missing", env.integer, {})
end)

t.test("flag", function()
  t.equal(env.flag { name = missing }, false)
  t.equal(env.flag { name = missing, default = true }, true)
  t.raises("environment variable PATH is '", env.flag, { name = "PATH" })
  t.raises("field 'default' is a number, expected a boolean", env.flag, { name = "PATH", default = 1 })
end)
