-- Many runs at once, for the tests of what has to hold in every order. Coroutines stand for
-- processes; a fake of S3 or DynamoDB yields before each operation, and may raise there.
--
--   local schedule = t.helper "schedule"

local schedule = {}

--- A storm: `options.change(deliver)` is called `changes` times and changes the world; what it
--- delivers (`deliver(event)`) goes to `options.handle(event)` once, or with the chance `twice`
--- twice, up to `delay` operations late, in runs that are interleaved at random. A run that raises
--- what `options.expected(err)` calls expected gets its event again, as from a queue. Chance is
--- math.random's: seed it.
function schedule.storm(options)
  local running = {}
  local function run(event)
    for _ = 1, math.random(0, options.delay) do coroutine.yield() end
    repeat
      local ok, err = pcall(options.handle, event)
      if not ok and not options.expected(err) then error(err, 0) end
    until ok
  end
  local function deliver(event)
    for _ = 1, math.random() < options.twice and 2 or 1 do
      running[#running + 1] = coroutine.create(function() run(event) end)
    end
  end
  local changes, parked = options.changes, {}
  while changes > 0 or #running + #parked > 0 do
    if changes > 0 and (#running == 0 or math.random() < options.pace) then
      changes = changes - 1
      options.change(deliver)
    elseif #running == 0 then
      running[1] = table.remove(parked, math.random(#parked))
    else
      local i = math.random(#running)
      local ok, err = coroutine.resume(running[i])
      if not ok then error(err, 0) end
      if coroutine.status(running[i]) == "dead" then
        table.remove(running, i)
      elseif math.random() < 0.1 then
        parked[#parked + 1] = table.remove(running, i)
      end
    end
  end
end

--- task.all for such runs: whichever waits is overtaken by any other; outside of a run they go one
--- after the other.
function schedule.all(functions)
  local running = {}
  for i, fn in ipairs(functions) do running[i] = coroutine.create(fn) end
  while #running > 0 do
    local i = math.random(#running)
    local ok, took_ms = coroutine.resume(running[i])
    if not ok then error(took_ms, 0) end
    if coroutine.status(running[i]) == "dead" then
      table.remove(running, i)
    elseif coroutine.isyieldable() then
      coroutine.yield(took_ms)
    end
  end
end

--- Runs `count` processes, `work(i)` each, by a clock: a fake yields the milliseconds that its
--- operation takes. They begin within `options.within_ms`. Returns the milliseconds until all
--- ended.
function schedule.timed(count, within_ms, work)
  local running, clock = {}, 0
  for i = 1, count do
    local thread = coroutine.create(work)
    running[i] = { thread = thread, i = i, at = math.random() * within_ms }
  end
  while #running > 0 do
    local next_one = 1
    for j = 2, #running do
      if running[j].at < running[next_one].at then next_one = j end
    end
    local run = running[next_one]
    clock = run.at
    local ok, took_ms = coroutine.resume(run.thread, run.i)
    if not ok then error(took_ms, 0) end
    if coroutine.status(run.thread) == "dead" then
      running[next_one] = running[#running]
      running[#running] = nil
    else
      run.at = clock + took_ms
    end
  end
  return clock
end

return schedule
