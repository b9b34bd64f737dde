-- `lunette repl [SCRIPT]`: the prompt. It lives in host/repl.
return require "repl.main"
