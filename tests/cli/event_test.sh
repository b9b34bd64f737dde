# `lunette event` prints sample events that `lunette invoke` takes.
. tests/cli/check.sh

run event
expect "status" 0 "$status"
names="s3-put s3-delete s3-test direct s3-sqs s3-sns s3-sns-sqs eventbridge eventbridge-sqs pipes
    s3-batch destination dead-letter rest-api http-api function-url alb"
for name in $names; do
    contains "the list has $name" "$name " "$out"
done

run event s3-put bucket=photos 'key=a b+c/ü.jpg' size=7
contains "keys are encoded as S3 does it" '"key": "a+b%2Bc/%C3%BC.jpg"' "$out"
contains "numbers are numbers" '"size": 7' "$out"
first=$out
run event s3-put bucket=photos 'key=a b+c/ü.jpg' size=7
expect "the same fields give the same event" "$first" "$out"

run event direct 'key=a=b' deleted=true
contains "a value may hold =" '"key": "a=b"' "$out"
contains "switches are switches" '"deleted": true' "$out"

run event s3-sns-sqs raw=true group=g
contains "a group makes a FIFO queue" ':uploads.fifo"' "$out"
contains "raw is without an envelope" '"body": "{\"Records\"' "$out"
run event http-api method=POST path=/a 'query=x=1&y' 'body={}'
contains "a query stays as it is given" '"rawQueryString": "x=1&y"' "$out"
contains "a body is text" '"body": "{}"' "$out"

cat >"$WORK/echo.lua" <<'LUA'
local events = require "events"
return events.handler { request = function(request) return { body = request.method } end }
LUA
for name in $names; do
    "$LUNETTE" event "$name" |
        "$LUNETTE" invoke --store "$WORK/store" --handler "$WORK/echo.lua" - >/dev/null
    expect "$name can be invoked" "0 0" "${PIPESTATUS[*]}"
done

refuses "unknown event 's3-putt', did you mean 's3-put'? events: s3-put, s3-delete" event s3-putt
refuses "unknown event 'api', events: s3-put, s3-delete" event api
refuses "unknown event 'abl', did you mean 'alb'? events:" event abl
refuses "unknown field 'buckt', did you mean 'bucket'? fields: bucket" event s3-put buckt=x
refuses "'bucket' is not FIELD=VALUE" event s3-put bucket
refuses "field 'schema' is '3.0', expected one of 1.0, 2.0" event s3-batch schema=3.0
refuses "field 'size' is 'many', expected integer" event s3-put size=many
refuses "field 'size' is -1, expected at least 0" event s3-put size=-1
refuses "field 'key' is empty" event s3-put key=

tally
