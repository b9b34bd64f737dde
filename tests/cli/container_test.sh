# Credentials from the endpoint beside a container: how often it is asked, what is signed with what
# it gave, and what is said when it has nothing to give.
. tests/cli/check.sh

unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_MAX_ATTEMPTS \
    AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_DYNAMODB AWS_CONTAINER_AUTHORIZATION_TOKEN \
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI \
    AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_LAMBDA_FUNCTION_NAME
# Nobody listens there: a proxy that is asked is a failure.
export HOME="$WORK" AWS_REGION=eu-west-1 http_proxy=http://127.0.0.1:9

python3 tests/fault/server.py "$WORK/port" 2>"$WORK/server.log" &
server=$!
trap 'kill $server' EXIT
wait_for_file "$WORK/port"
AWS_ENDPOINT_URL="http://127.0.0.1:$(cat "$WORK/port")"
export AWS_ENDPOINT_URL

cat >"$WORK/log.lua" <<'LUA'
io.stdout:write(require "s3".get { bucket = "log", key = arg[1] } .body)
LUA
# Two requests, which both sign.
cat >"$WORK/sign.lua" <<'LUA'
for _ = 1, 2 do require "s3".get { bucket = "faults", key = arg[1] } end
print "signed"
LUA

# seen NAME: what the server has got of it, one line an attempt
seen() {
    AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b run run --aws "$WORK/log.lua" "$1" </dev/null
    printf '%s' "$out"
}

# ask SCENARIO: signs with what the endpoint gives that plays the scenario
ask() {
    AWS_CONTAINER_CREDENTIALS_FULL_URI="$AWS_ENDPOINT_URL/container/$1" \
        run run --aws "$WORK/sign.lua" "fine-$1" </dev/null
}

# gives SCENARIO QUESTIONS KEY...: all goes well, with these keys
gives() {
    local scenario=$1 questions=$2
    shift 2
    ask "$scenario"
    expect "$scenario: status" "0 signed" "$status $out$err"
    expect "$scenario: questions" "$questions" "$(seen "$scenario" | grep -c .)"
    expect "$scenario: signed with" "$*" \
        "$(seen "fine-$scenario" | grep -oE 'Credential=[A-Z0-9]+' | cut -d= -f2 | xargs)"
}

# lacks SCENARIO QUESTIONS TEXT: nothing is signed, and this is said
lacks() {
    ask "$1"
    expect "$1: status" 1 "$status"
    expect "$1: questions" "$2" "$(seen "$1" | grep -c .)"
    contains "$1: of what is spoken" AWS_CONTAINER_CREDENTIALS_FULL_URI "$err"
    contains "$1: what is said" "$3" "$err"
    expect "$1: no secret" "" "$(grep very- <<<"$err")"
}

# S3 and DynamoDB share what is given, until five minutes before it ends.
gives keys 1 ASIA1 ASIA1
gives keys-once-500 2 ASIA2 ASIA2
gives keys-reset 2 ASIA2 ASIA2
contains "the session's token is sent" "x-amz-security-token=very-token" "$(seen fine-keys)"
# Soon over: asked anew before the first request, and then not again for a minute.
gives keys-soon 2 ASIA2 ASIA2
# What there is serves until it is over.
gives keys-soon-then-500 4 ASIA1 ASIA1

lacks keys-late-then-500 4 "status 500: as asked"
ask keys-late
contains "keys that come expired sign nothing" "the AWS credentials have expired" "$err"
expect "nothing at all" "1 0" "$status $(seen fine-keys-late | grep -c .)"
lacks keys-always-500 3 "status 500: as asked"
lacks keys-denied 1 "status 403: no such task"
lacks keys-html 1 "something that is not JSON"
lacks keys-half 1 "no AccessKeyId and SecretAccessKey"
lacks keys-redirect 1 "status 302"
lacks keys-slow 3 "timed out" # each time after two seconds; the whole answer takes fifty

# ---- the token ----------------------------------------------------------------------------------

token_of() { grep -oE ' authorization=\S*' <<<"$(seen "$1" | tail -n 1)"; }

AWS_CONTAINER_AUTHORIZATION_TOKEN="Basic abc" ask keys
expect "the token goes along" " authorization=Basicabc" "$(token_of keys)"
echo "from-a-file" >"$WORK/token"
AWS_CONTAINER_AUTHORIZATION_TOKEN=other AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$WORK/token" ask keys
expect "a file's before it" " authorization=from-a-file" "$(token_of keys)"
AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$WORK/none" ask keys
contains "a file that isn't there is named" "$WORK/none: No such file" "$err"
AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/dev/zero ask keys
contains "an endless one is refused" "AUTHORIZATION_TOKEN_FILE" "$err"
AWS_CONTAINER_AUTHORIZATION_TOKEN=$'a\r\nX-Evil: 1' ask keys
contains "a line break is refused" "AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line break" "$err"

# ---- the order ----------------------------------------------------------------------------------

AWS_ACCESS_KEY_ID=first AWS_SECRET_ACCESS_KEY=b ask keys-denied
expect "the environment's key comes first" 0 "$status"
mkdir "$WORK/.aws"
printf '[default]\naws_access_key_id = second\naws_secret_access_key = b\n' >"$WORK/.aws/credentials"
ask keys-denied
expect "then the profile's" 0 "$status"
AWS_LAMBDA_FUNCTION_NAME=f ask keys
expect "but not in Lambda" 0 "$status"
contains "there it is the endpoint's" Credential=ASIA "$(seen fine-keys | tail -n 1)"
tally
