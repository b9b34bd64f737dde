-- The Lua tests' only tool: `lunette run tests/lua/harness.lua FILE_test.lua [NAME]`.
--
-- A test file gets one argument, the table below:
--
--   local t = ...
--   t.test("keeps order", function()
--     t.equal(got, wanted)               -- deep
--     t.raises("unknown field", fn, ...) -- plain text, found in tostring(error)
--   end)
--
-- A failing check ends its test; the message names the file and the line.

local t = {}
local tests = {}

function t.test(name, run)
  tests[#tests + 1] = { name = name, run = run }
end

local function show(value, depth)
  if type(value) == "string" then return ("%q"):format(value):gsub("\\\n", "\\n") end
  if type(value) ~= "table" or depth > 4 then return tostring(value) end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  local parts = {}
  for _, key in ipairs(keys) do
    parts[#parts + 1] = tostring(key) .. "=" .. show(value[key], depth + 1)
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

local function same(a, b, path)
  if type(a) == "table" and type(b) == "table" then
    for key, value in pairs(a) do
      local ok, where = same(value, b[key], path .. "." .. tostring(key))
      if not ok then return false, where end
    end
    for key in pairs(b) do
      if a[key] == nil then return false, path .. "." .. tostring(key) end
    end
    return true
  end
  if a == b and math.type(a) == math.type(b) then return true end
  return false, path
end

local skip_mark = {}

--- Deep equality; integers and floats differ.
function t.equal(got, wanted, what)
  local ok, where = same(got, wanted, "")
  if ok then return end
  local prefix = what and what .. ": " or ""
  local place = where ~= "" and " (first difference at " .. where .. ")" or ""
  error(("%sexpected %s\n  got %s%s"):format(prefix, show(wanted, 0), show(got, 0), place), 2)
end

function t.ok(value, what)
  if not value then error((what or "value") .. " is " .. tostring(value), 2) end
  return value
end

--- Runs fn(...); fails unless it raises something whose text contains `text`. Returns the error.
function t.raises(text, fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then error(("nothing was raised, expected %q"):format(text), 2) end
  if not tostring(err):find(text, 1, true) then
    error(("expected an error with %q\n  got %q"):format(text, tostring(err)), 2)
  end
  return err
end

--- Ends the test as skipped.
function t.skip(why)
  error({ [skip_mark] = why }, 0)
end

--- The corpus's path of `name`, or skips the test when the corpus isn't there.
function t.corpus(name)
  local path = "../shared/corpus/" .. name
  local file = io.open(path, "rb")
  if not file then t.skip("no " .. path) end
  file:close()
  return path
end

function t.read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  return bytes
end

--- What test files share: the table that tests/lua/NAME.lua returns.
function t.helper(name)
  return assert(loadfile(arg[0]:gsub("[^/]*$", "") .. name .. ".lua"))(t)
end

local folders = {}

--- A fresh empty folder, removed at the end.
function t.folder()
  local folder = os.tmpname()
  os.remove(folder)
  t.ok(os.execute("mkdir '" .. folder .. "'"), "mkdir")
  folders[#folders + 1] = folder
  return folder
end

local path, only = arg[1], arg[2]
local chunk = assert(loadfile(path))
chunk(t)

local passed, failed, skipped = 0, 0, 0
for _, test in ipairs(tests) do
  if not only or test.name:find(only, 1, true) then
    local ok, err = xpcall(test.run, function(err)
      if type(err) == "table" and err[skip_mark] then return err end
      return debug.traceback(tostring(err), 2)
    end)
    if ok then
      passed = passed + 1
    elseif type(err) == "table" and err[skip_mark] then
      skipped = skipped + 1
      print(("skipped: %s: %s"):format(test.name, err[skip_mark]))
    else
      failed = failed + 1
      print(("FAILED: %s: %s\n  %s"):format(path, test.name, (err:gsub("\n", "\n  "))))
    end
  end
end
io.stdout:write(("%d passed, %d failed, %d skipped\n"):format(passed, failed, skipped))
for _, folder in ipairs(folders) do os.execute("rm -rf '" .. folder .. "'") end
return failed == 0 and 0 or 1
