-- The commands that begin with a dot: all of them, found and run. A new one is an entry in the
-- `commands` of a module below: {name, usage, summary, run = function(session, words, rest)}, which
-- returns false when what it did has failed and has been told; `split`: how its words are parted,
-- unless it is as a shell does.

local check = require "lunette.check"
local words = require "repl.words"

local commands = {}

local sources = {
  "repl.events", "repl.run", "repl.effects", "repl.limits", "repl.explain", "repl.debugging",
  "repl.policy", "repl.doc",
}

local usage_columns = 22

local list, by_name = {}, {}

local function add(command)
  list[#list + 1] = command
  by_name[command.name] = command
end

local function load_all()
  if #list > 0 then return end
  for _, source in ipairs(sources) do
    for _, command in ipairs(require(source).commands) do add(command) end
  end
  add {
    name = "help", usage = ".help [COMMAND]", summary = "lists the commands",
    run = function(session, names) return commands.help(session, names[1]) end,
  }
  add {
    name = "quit", usage = ".quit", summary = "leaves; so does Ctrl-D",
    run = function(session) session.is_over = true end,
  }
end

--- All of them, in the order of .help.
function commands.all()
  load_all()
  return list
end

local function find(session, name)
  load_all()
  if by_name[name] then return by_name[name] end
  local names = {}
  for i, command in ipairs(list) do names[i] = command.name end
  local nearest = check.nearest(name, names)
  session:usage("there is no command .%s%s; .help lists them", name,
    nearest and (", did you mean .%s?"):format(nearest) or "")
end

function commands.help(session, name)
  local chosen = name and { find(session, (name:gsub("^%.", ""))) } or commands.all()
  for _, command in ipairs(chosen) do
    local gap = #command.usage < usage_columns and "" or "\n" .. (" "):rep(usage_columns)
    session:say(("%-" .. usage_columns .. "s%s%s"):format(command.usage, gap, command.summary))
  end
  if not name then
    session:say("Anything else is Lua, with the modules " .. table.concat(session.modules, ", "))
    session:say("and the variables event, result, run (of the last run), _ and _1 to _9.")
  end
end

--- Is this line one of ours, and no Lua?
function commands.is_command(line)
  return line:find("^%s*%.%a") ~= nil
end

--- Runs the line; false when it has failed and has been told. Raises the other failures.
function commands.run(session, line)
  local name, rest = line:match("^%s*%.(%a[%w_-]*)%s*(.-)%s*$")
  local command = find(session, name)
  local list_of_words, wrong = (command.split or words.split)(rest)
  if not list_of_words then session:usage(".%s: %s", name, wrong) end
  return command.run(session, list_of_words, rest) ~= false
end

return commands
