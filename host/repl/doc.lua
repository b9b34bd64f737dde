-- `.doc`: the API at the prompt.

local manual = require "commands.manual"

return {
  commands = { {
    name = "doc", usage = ".doc [NAME]", summary = "prints the API: all, a module, or one function",
    run = function(session, words)
      local text, wrong = manual.text(words[1])
      if not text then session:usage("%s", (wrong:gsub("`lunette doc`", ".doc"))) end
      session:say(text)
    end,
  } },
}
