-- task_test.lua - pieces side by side: order, bounds, the first error, cancellation.
local t = ...
local task = require "task"
local host = require "host"

local function nap(ms, value)
  task.sleep(ms)
  return value
end

--- A to-be-closed value that counts its closings in `counter`.
local function closing(counter)
  return setmetatable({}, { __close = function() counter.n = counter.n + 1 end })
end

t.test("map keeps the order of the list, whoever ends first", function()
  t.equal(task.map({ 30, 1, 15 }, function(ms, i) return nap(ms, i .. ":" .. ms) end),
    { "1:30", "2:1", "3:15" })
end)

t.test("map of nothing is nothing", function()
  t.equal(task.map({}, function() error "never" end), {})
  t.equal(task.all {}, {})
end)

t.test("pieces overlap", function()
  local running, most, until_ms = 0, 0, host.now_ms() + 10000
  task.map({ 1, 2, 3, 4, 5 }, function()
    running = running + 1
    most = math.max(most, running)
    while most < 5 and host.now_ms() < until_ms do task.sleep(1) end
    running = running - 1
  end)
  t.equal(most, 5)
end)

t.test("concurrency bounds how many run at once", function()
  local running, most = 0, 0
  task.map({ 1, 2, 3, 4, 5, 6, 7 }, function()
    running = running + 1
    most = math.max(most, running)
    task.sleep(5)
    running = running - 1
  end, { concurrency = 3 })
  t.equal(most, 3)
end)

t.test("all runs functions and gives their results", function()
  t.equal(task.all { function() return nap(10, "a") end, function() return "b" end }, { "a", "b" })
end)

t.test("pieces may start pieces", function()
  t.equal(task.map({ 1, 2 }, function(i)
    return task.map({ 10, 20 }, function(x) return nap(2, i * x) end)
  end), { { 10, 20 }, { 20, 40 } })
end)

t.test("the first error is raised, the rest is cancelled and closed", function()
  local closed, finished = { n = 0 }, 0
  local err = t.raises("second piece", task.map, { 1, 2, 3 }, function(i)
    local _ <close> = closing(closed)
    if i == 2 then
      task.sleep(5)
      error "second piece"
    end
    task.sleep(60000)
    finished = finished + 1
  end)
  t.equal(closed.n, 3)
  t.equal(finished, 0)
  t.equal(err.code, "lua")
  t.ok(err.traceback:find("task_test.lua:", 1, true), "the traceback names the line")
end)

t.test("an error cancels what has not begun", function()
  local begun = 0
  t.raises("stop", task.map, { 1, 2, 3, 4 }, function(i)
    begun = begun + 1
    if i == 1 then error "stop" end
    task.sleep(60000)
  end, { concurrency = 1 })
  t.equal(begun, 1)
end)

t.test("an error object keeps its fields through map", function()
  local failure = require "failure"
  local ok, err = pcall(task.map, { 1 }, function()
    failure.raise { code = "limit", message = "too many", retryable = false }
  end)
  t.equal({ ok, err.code, err.retryable }, { false, "limit", false })
end)

t.test("any table can be an error", function()
  local mine = { reason = 7 }
  local ok, err = pcall(task.map, { 1 }, function() error(mine) end)
  t.equal({ ok, err == mine, err.reason }, { false, true, 7 })
end)

t.test("pcall inside a piece sees its error, and map goes on", function()
  t.equal(task.map({ 1, 2 }, function(i)
    local ok = pcall(function()
      task.sleep(1)
      error "mine"
    end)
    return ok and 0 or i
  end), { 1, 2 })
end)

t.test("jobs wait in place where nothing can yield", function()
  local order = { 3, 1, 2 }
  table.sort(order, function(a, b)
    task.sleep(1)
    return a < b
  end)
  t.equal(order, { 1, 2, 3 })
  t.equal(task.map({ 1 }, function()
    local list = { 2, 1 }
    table.sort(list, function(a, b) return #task.map({ 1 }, function() return nap(1, 1) end) == 1 and a < b end)
    return list
  end), { { 1, 2 } })
end)

t.test("jobs wait in place in a coroutine of the script's own", function()
  t.equal(task.map({ 1 }, function()
    local co = coroutine.wrap(function()
      task.sleep(2)
      coroutine.yield "first"
      task.sleep(2)
      return "second"
    end)
    return co() .. "," .. co()
  end), { "first,second" })
end)

t.test("a yield of a piece itself is an error, not a hang", function()
  t.raises("yield outside a coroutine", task.map, { 1 }, function() coroutine.yield() end)
end)

t.test("cancelling reaches a piece that waits in place", function()
  local started, went_on = host.now_ms(), false
  t.raises("stop", task.all, {
    function()
      local ok, err = pcall(coroutine.wrap(function()
        task.map({ 1 }, function() task.sleep(60000) end)
      end))
      t.equal({ ok, err.code }, { false, "cancelled" })
      task.sleep(0)
      went_on = true
    end,
    function()
      task.sleep(5)
      error "stop"
    end,
  })
  t.ok(host.now_ms() - started < 30000, "it was waited for")
  t.equal(went_on, false)
end)

t.test("a cancelled piece can wait while it cleans up", function()
  local closed = { n = 0 }
  t.raises("stop", task.map, { 1, 2 }, function(i)
    local _ <close> = setmetatable({}, { __close = function()
      task.sleep(2)
      closed.n = closed.n + #task.map({ 1, 2 }, function(x) return nap(1, x) end)
    end })
    task.sleep(i == 1 and 5 or 60000)
    error "stop"
  end)
  t.equal(closed.n, 4)
end)

t.test("an error in a close handler is the piece's, but not a cancelled one's", function()
  local function failing(text)
    return setmetatable({}, { __close = function() error(text) end })
  end
  t.raises("while closing", task.map, { 1 }, function()
    local _ <close> = failing "while closing"
    task.sleep(1)
  end)
  t.raises("first", task.all, {
    function()
      local _ <close> = failing "second"
      task.sleep(60000)
    end,
    function()
      task.sleep(1)
      error "first"
    end,
  })
end)

t.test("a script can't wake a waiting piece, nor pull its job away", function()
  local waiting
  t.equal(task.all {
    function()
      waiting = coroutine.running()
      return nap(20, "slept")
    end,
    function()
      for _ = 1, 3 do t.ok(coroutine.resume(waiting, 1, "two", {})) end
      return coroutine.status(waiting)
    end,
  }, { "slept", "suspended" })
  t.raises("cannot resume dead coroutine", task.all, {
    function()
      waiting = coroutine.running()
      task.sleep(20)
    end,
    function()
      t.ok(coroutine.close(waiting))
      collectgarbage()
      collectgarbage()
      task.sleep(50)
    end,
  })
end)

t.test("a finalizer can't start a job", function()
  local err
  setmetatable({}, { __gc = function() err = select(2, pcall(task.sleep, 1)) end })
  collectgarbage()
  t.ok(tostring(err):find("can't be called from a __gc metamethod", 1, true), tostring(err))
end)

t.test("the list is read once, through its metamethods", function()
  local list = { 1, 2, 3 }
  t.equal(task.map(list, function(x)
    list[1], list[2], list[3] = nil, nil, nil
    return nap(1, x)
  end, { concurrency = 1 }), { 1, 2, 3 })
  local proxy = setmetatable({}, {
    __len = function() return 2 end,
    __index = function(_, i) return i * 10 end,
  })
  t.equal(task.map(proxy, function(x) return x end), { 10, 20 })
  for _, length in ipairs { -1, math.mininteger, 1000001 } do
    local wrong = setmetatable({}, { __len = function() return length end })
    t.raises("a list of 0 to 1000000 items expected", task.map, wrong, print)
  end
end)

t.test("what is raised again and again does not grow", function()
  local stop = { reason = "stop" }
  for _ = 1, 300 do pcall(task.map, { 1 }, function() error(stop) end) end
  t.ok(#stop.traceback < 16384, "traceback of " .. #stop.traceback .. " bytes")
  t.ok(stop.traceback:find("task_test.lua:", 1, true), stop.traceback)
end)

t.test("any value can be an error", function()
  for _, value in ipairs { false, true, print, io.stdout, coroutine.create(print) } do
    local ok, err = pcall(task.map, { 1 }, function() error(value) end)
    t.equal({ ok, err == value }, { false, true }, tostring(value))
  end
  t.equal(select(2, pcall(task.map, { 1 }, function() error(nil) end)).message,
    "error() was called without a message")
  t.equal(select(2, pcall(task.map, { 1 }, function() error(42) end)).message, "42")
end)

t.test("many pieces that wait in place", function()
  local list = {}
  for i = 1, 300 do list[i] = i end
  local function in_place(x)
    return coroutine.wrap(task.map)({ x, x }, function(y) return nap(1, y) end)[2]
  end
  t.equal(task.map(list, in_place, { concurrency = 300 }), list)
  t.raises("stop", task.map, list, function(i)
    if i == 200 then error "stop" end
    return in_place(i)
  end, { concurrency = 300 })
  t.equal(task.map({ 1, 2 }, in_place), { 1, 2 })
end)

t.test("many pieces", function()
  local list = {}
  for i = 1, 5000 do list[i] = i end
  local sum = 0
  for _, x in ipairs(task.map(list, function(x) return nap(0, x) end, { concurrency = 1000 })) do
    sum = sum + x
  end
  t.equal(sum, 5000 * 5001 // 2)
end)

t.test("wrong arguments are named", function()
  t.raises("unknown field 'concurency', did you mean 'concurrency'?", task.map, {}, print,
    { concurency = 1 })
  t.raises("field 'concurrency' is 0, expected 1 to 1024", task.map, {}, print, { concurrency = 0 })
  t.raises("item 2 is a string, expected a function", task.all, { print, "x" })
  t.raises("milliseconds from 0", task.sleep, -1)
  t.raises("table expected", task.map, nil, print)
end)
