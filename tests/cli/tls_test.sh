# Connections over TLS: how many are opened, what is kept of them, and whom they trust.
. tests/cli/check.sh

unset AWS_PROFILE AWS_MAX_ATTEMPTS AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_DYNAMODB SSL_CERT_FILE AWS_CA_BUNDLE \
    LUNETTE_WARM LUNETTE_WARM_CONNECTIONS
export HOME="$WORK" AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b

for name in server stranger; do
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=faults \
        -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$WORK/$name.key" -out "$WORK/$name.pem" 2>/dev/null
done
cat "$WORK/server.key" "$WORK/server.pem" >"$WORK/both.pem"

# start [RESETS]: a new server, which has counted nothing yet
start() {
    [ -z "${server:-}" ] || { kill "$server"; wait "$server" 2>/dev/null; rm -f "$WORK/port"; }
    python3 tests/fault/server.py "$WORK/port" "$WORK/both.pem" "${1:-0}" 2>"$WORK/server.log" &
    server=$!
    wait_for_file "$WORK/port"
    AWS_ENDPOINT_URL="https://127.0.0.1:$(cat "$WORK/port")"
    export AWS_ENDPOINT_URL
}
trap 'kill $server' EXIT

# Three bursts, then what the server has counted.
cat >"$WORK/bursts.lua" <<'LUA'
local s3, task = require "s3", require "task"
for _ = 1, 3 do
  local keys = {}
  for i = 1, 20 do keys[i] = "fine-" .. i end
  task.map(keys, function(key) s3.get { bucket = "faults", key = key } end, { concurrency = 16 })
end
task.sleep(2100) -- until no connection is young enough for a write that must not be sent twice
s3.put { bucket = "faults", key = "fine-put", body = "x", if_none_match = "*" }
io.stdout:write(s3.get { bucket = "log", key = "connections" } .body)
LUA

start
AWS_CA_BUNDLE="$WORK/server.pem" run run --aws "$WORK/bursts.lua" </dev/null
read -r opened resumed <<<"$out"
expect "status" "0 " "$status $err"
# Each of 16 at once needs its own, and so does the write after the pause; a few more when a burst
# begins before the last answer of the one before is done with. None that is kept would be 61.
contains "sixty requests, 16 at once: connections ($opened)" yes \
    "$([ "$opened" -ge 2 ] && [ "$opened" -le 31 ] && echo yes)"
contains "later ones go on with a session that is known ($resumed)" yes \
    "$([ "$resumed" -ge 1 ] && echo yes)"

cat >"$WORK/get.lua" <<'LUA'
local ok, err = pcall(require "s3".get, { bucket = "faults", key = "fine-get" })
print(ok and "got it" or ("%s %d %s"):format(err.code, err.attempts, err.retryable))
LUA
AWS_CA_BUNDLE="$WORK/stranger.pem" run run --aws "$WORK/get.lua" </dev/null
expect "a stranger's certificate is refused, and not asked for again" "tls 1 false" "$out"
run run --aws "$WORK/get.lua" </dev/null
expect "so is one that nobody has vouched for" "tls 1 false" "$out"
SSL_CERT_FILE="$WORK/server.pem" run run --aws "$WORK/get.lua" </dev/null
expect "SSL_CERT_FILE is asked, too" "got it" "$out"
AWS_ENDPOINT_URL="${AWS_ENDPOINT_URL/127.0.0.1/localhost}" AWS_CA_BUNDLE="$WORK/server.pem" \
    run run --aws "$WORK/get.lua" </dev/null
expect "and a certificate is for its host" "tls 1 false" "$out"

# Of a server without TLS, OpenSSL says only "wrong version number".
python3 -u -m http.server --bind 127.0.0.1 --directory "$WORK" 0 >"$WORK/plain.log" 2>&1 &
plain=$!
trap 'kill $server $plain' EXIT
for _ in $(seq 100); do
    port=$(sed -nE 's/.* port ([0-9]+) .*/\1/p' "$WORK/plain.log")
    [ -n "$port" ] && break
    sleep 0.1
done
cat >"$WORK/why.lua" <<'LUA'
print(select(2, pcall(require "s3".get, { bucket = "faults", key = "fine-get" })).message)
LUA
AWS_MAX_ATTEMPTS=1 AWS_ENDPOINT_URL="https://127.0.0.1:$port" run run --aws "$WORK/why.lua" </dev/null
contains "https to a server of plain http" "(the endpoint may speak plain http)" "$out"

start 2
AWS_CA_BUNDLE="$WORK/server.pem" run run --aws "$WORK/get.lua" </dev/null
expect "a handshake that is cut off is begun again" "got it" "$out"
start 2
cat >"$WORK/create.lua" <<'LUA'
local ok, err = pcall(require "s3".put,
  { bucket = "faults", key = "fine-put", body = "x", if_none_match = "*" })
print(ok and "written" or ("%s %d %s"):format(err.code, err.attempts, err.retryable))
LUA
AWS_CA_BUNDLE="$WORK/server.pem" run run --aws "$WORK/create.lua" </dev/null
expect "also for what must not be done twice: it has not been done" "written" "$out"

# ---- connections opened in advance --------------------------------------------------------------

export AWS_CA_BUNDLE="$WORK/server.pem"
cat >"$WORK/count.lua" <<'LUA'
io.stdout:write(require "s3".get { bucket = "log", key = "connections" } .body:match "%d+")
LUA
# opens WANTED [NAME=VALUE...]: so many connections, that of the question included. Those that are
# not open after a second are not waited for: a busy machine has more than one try.
opens() {
    local wanted=$1 got
    shift
    for _ in 1 2 3 4 5; do
        start
        got=$(env "$@" "$LUNETTE" run --aws "$WORK/count.lua" </dev/null 2>&1)
        [ "$got" != "$wanted" ] || break
    done
    expect "connections with $*" "$wanted" "$got"
}
opens 1 LUNETTE_WARM=
opens 1 LUNETTE_WARM=log
opens 5 LUNETTE_WARM=log LUNETTE_WARM_CONNECTIONS=5
opens 4 LUNETTE_WARM=log,dynamodb LUNETTE_WARM_CONNECTIONS=2
LUNETTE_WARM=log LUNETTE_WARM_CONNECTIONS=65 refuses "LUNETTE_WARM_CONNECTIONS is '65'" \
    run --aws "$WORK/count.lua"
LUNETTE_WARM=log,,dynamodb refuses "LUNETTE_WARM is 'log,,dynamodb'" run --aws "$WORK/count.lua"

# Where nobody listens the first request says so, not the warming; and where nobody answers, the
# warming does not wait for ever.
AWS_ENDPOINT_URL=https://127.0.0.1:9 LUNETTE_WARM=faults run run --aws "$WORK/get.lua" </dev/null
expect "nobody listens" "connect 3 true" "$out"
kill -STOP "$server"
echo 'print "ran"' >"$WORK/ran.lua"
LUNETTE_WARM=faults soon "a second later" 2500 run run --aws "$WORK/ran.lua" </dev/null
kill -CONT "$server"
expect "nobody answers" "0 ran" "$status $out$err"
tally
