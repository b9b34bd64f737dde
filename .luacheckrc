std = "lua54"
max_line_length = 100
include_files = { "**/*.lua" }

-- Definitions: functions without bodies, and one line per field, which editors don't let wrap.
files["bindings/api"] = { unused = false, max_line_length = false }
-- The tests' runner defines what a plain Lua has and the host does not.
-- Rows of tables in tests may be longer.
files["tests"] = { read_globals = { "arg" }, max_line_length = 120 }
-- `lunette test` gives these names.
files["scripts/*_test.lua"] = { read_globals = { "test", "given", "when", "expect" } }
