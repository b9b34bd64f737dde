#!/usr/bin/env bash
# `lunette repl` as a person has it: a terminal, key by key, compared with what the screen must show.
# STORE_OPTIONS are those of another store than the embedded one.
. tests/cli/check.sh
needs_prompt
needs_terminal
. tests/cli/terminal.sh

if ! command -v tmux >/dev/null; then
    echo "FAILED: tmux is not installed: make test-deps"
    echo "0 passed, 1 failed"
    exit 1
fi
unset LUNETTE_LOG_LEVEL VISUAL
cd "$WORK" || exit 1
export XDG_STATE_HOME=$WORK/state TERM=xterm-256color NO_COLOR=1 LC_ALL=C.UTF-8
options=${STORE_OPTIONS:---store store --table things=id}
cp "$SAMPLES/harbour.jpg" "$SAMPLES/broken.jpg" .
cat >handler.lua <<'LUA'
local dynamodb = require "dynamodb"
local events = require "events"
local image = require "image"
local s3 = require "s3"

local width = 100

local function created(upload)
  local object = s3.get { bucket = upload.bucket, key = upload.key }
  local photo <close> = image.open(object.body)
  local small = photo:render { width = width, format = "jpeg" }
  s3.put { bucket = "images", key = "small.jpg", body = small.bytes }
  dynamodb.put { table = "things", item = { id = "small", width = small.width } }
  return { width = small.width, height = small.height }
end

return function(event)
  if event.endless then print(7 * 111) while true do end end
  return created(events.uploads(event)[1])
end
LUA

start() {
    screen_open 100 40 "$LUNETTE repl $options"
    shows "the prompt" "lunette 0.1.0, rules: handler.lua. .help lists the commands, Ctrl-D leaves."
}

start

# ---- lines --------------------------------------------------------------------------------------

enter '1 + 1'
shows "an expression's value" $'> 1 + 1\n2\n>'
screen_clear
enter 'for i = 1, 2 do'
shows "a chunk goes on until it is complete" '>> '
enter 'print("number " .. i)'
enter 'end'
shows "and then runs" $'number 1\nnumber 2\n>'
screen_clear
enter 'name = "Zoë 東京"'
enter 'name'
shows "any language" '"Zoë 東京"'
screen_clear
type_in 'half a line'
press C-c
shows "Ctrl-C gives a line up" $'half a line^C\n>'
enter '2 * 3'
shows "and the next one is empty" $'> 2 * 3\n6'
screen_clear
enter 'print(7 * 111) while true do end'
shows "what runs" $'\n777'
press C-c
shows "Ctrl-C stops what runs" "stopped by Ctrl-C"
screen_clear
enter 'nothing.there'
shows "an error is told" "undeclared global 'nothing' was read"
enter '_ + 1'
shows "and the last result is still there" $'> _ + 1\n7'

# ---- completion ---------------------------------------------------------------------------------

screen_clear
type_in '.ev'
press Tab
type_in 's3-p'
press Tab
shows "commands and events are completed" '> .event s3-put'
press C-c
screen_clear
type_in 's3.pre'
press Tab
press Tab
shows "fields are listed where there are several" $'presign       presign_post'
type_in '_p'
press Tab
shows "and completed where there is one" '> s3.presign_post'
press C-c
screen_clear
type_in '.drop har'
press Tab
shows "files" '> .drop harbour.jpg'
press Enter
shows "a photo is dropped" 'event: s3-put of uploads/harbour.jpg, 306 kB'
shows "the handler has run" '{ height = 67, width = 100 }'
shows "and it is summed up" ', 2 writes, est. $0.0'
screen_clear
type_in 's3.get { bucket = "upl'
press Tab
type_in '", key = "har'
press Tab
shows "buckets and keys" '> s3.get { bucket = "uploads", key = "harbour.jpg'
press C-c
screen_clear
type_in 'event.Rec'
press Tab
shows "fields of a variable" '> event.Records'
press C-c

# ---- the handler changes ------------------------------------------------------------------------

screen_clear
sed -i 's/width = 100$/width = 200/' handler.lua
enter '.run'
shows "a saved handler is loaded anew" 'reloaded handler.lua'
shows "and runs" '{ height = 133, width = 200 }'
screen_clear
enter '.diff'
shows "the difference" '~ result.height: 67 -> 133'
shows "of all" '~ result.width: 100 -> 200'
shows "that was done" '~ s3.put images/small.jpg: '
screen_clear
enter '.effects'
shows "the effects" 's3.put        images/small.jpg'
shows "with the picture's size" '200, JPEG 200x133 sRGB'
screen_clear
sed -i 's/width = 200$/width = = 200/' handler.lua
enter '.run'
shows "a slip is shown with its line" '>    6  local width = = 200'
sed -i 's/width = = 200$/width = 50/' handler.lua
screen_clear
enter '.dry on'
enter '.run'
shows "a dry run" '{ height = 33, width = 50 }'
enter 'image.probe(s3.get { bucket = "images", key = "small.jpg" }.body).width'
shows "writes nothing" $'\n200\n'
enter '.dry off'
screen_clear
enter '.run'
shows "for real" '{ height = 33, width = 50 }'
if [ -z "${STORE_OPTIONS:-}" ]; then
    enter '.undo'
    shows "which can be taken back" '2 things are as before'
    enter 'dynamodb.get { table = "things", key = { id = "small" } }.width'
    shows "as it was" $'\n200\n>'
fi

# ---- a breakpoint -------------------------------------------------------------------------------

screen_clear
enter '.break 13'
enter '.run'
shows "the handler stops" 'stopped at handler.lua:13'
shows "before the line" $'>   13    dynamodb.put'
enter '.locals'
shows "with its variables" 'upload = {'
shows "and those around it" 'width = 50'
enter 'small.width, small.height'
shows "which are names" $'\n50\n33\n'
enter '.continue'
shows "and goes on" '{ height = 33, width = 50 }'
enter '.break off'
screen_clear
enter 'event.endless = true'
enter '.run'
shows "what the handler prints" 777
press C-c
shows "Ctrl-C stops the handler" 'interrupted: stopped by Ctrl-C'
shows "where it was" "handler.lua:18: in function"
enter '40 + 2'
shows "and keeps the prompt" $'> 40 + 2\n42'
screen_clear
enter '.drop broken.jpg'
shows "a photo that is broken" 'bad_image: '
shows "the line" '>   11    local small = photo:render { width = width, format = "jpeg" }'
shows "and what it cost" 'failed '

# ---- history ------------------------------------------------------------------------------------

enter 'remember = "me"'
press C-d
for ((i = 0; i < screen_wait_ds; i++)); do
    [ "$(screen_tmux display-message -p '#{pane_dead}')" = 1 ] && break
    sleep 0.1
done
expect "Ctrl-D leaves" 1 "$(screen_tmux display-message -p '#{pane_dead}')"
screen_close
start
press Up
shows "the last line is there in the next session" '> remember = "me"'
press Up Up
shows "and those before" '> 40 + 2'
press C-c
screen_clear
press C-r
type_in 'while'
shows "a line is found" 'while true do end'
press C-c
press C-d
tally
