-- `lunette test FILE_test.lua...`: cases for a handler. They live in host/repl/testing.lua.
return require "repl.testing"
