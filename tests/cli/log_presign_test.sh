# What s3.presign and s3.presign_post give may be logged in many ways; no log line lets anybody use
# it. In Lambda the credentials have a session token, which the form's policy holds, too.
. tests/cli/check.sh

export AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=TESTKEY
export AWS_SECRET_ACCESS_KEY=TESTSECRET AWS_SESSION_TOKEN=TheToken+/TheToken==
export LUNETTE_LOG_LEVEL=info AWS_EC2_METADATA_DISABLED=true HOME=$WORK

cat >"$WORK/script.lua" <<'LUA'
local s3, log, json = require "s3", require "log", require "json"
local url, how = s3.presign { bucket = "photos", key = "a b.jpg", method = "PUT" }
local form = s3.presign_post { bucket = "photos", key = "k", max_bytes = 9 }
local file = io.open(arg[1], "w")
file:write(url:match "X%-Amz%-Signature=(%x+)", "\n", form.fields["x-amz-signature"], "\n",
  form.fields.policy, "\n")
file:close()

log.info(url)
log.info("made", { url = url, how = how })
log.info("made", { form = form })
log.info("made", form)
log.info("made", form.fields)
log.info("as text: " .. json.encode(form))
log.info("in a body", { body = json.encode { statusCode = 200, body = json.encode(form) } })
local escaped = url:gsub("[=&]", { ["="] = "%3D", ["&"] = "%26" })
log.info("in a query", { at = "https://example.com/?to=" .. escaped })
for name, value in pairs(form.fields) do
  log.info(('<input name="%s" value="%s">'):format(name, value))
  print(("[%q] = %q"):format(name, value))
  log.info("one", { [name] = value })
end
print(url, json.encode(form))
log.append { url = url, form = form }
log.info("appended")
local _, err = pcall(error, "could not use " .. url .. " " .. json.encode(form))
log.error("failed", { error = err })
LUA

for format in JSON Text; do
    AWS_LAMBDA_LOG_FORMAT=$format run run --aws "$WORK/script.lua" "$WORK/secrets"
    expect "$format: exit status" 0 "$status"
    expect "$format: secrets were made" 3 "$(grep -c . "$WORK/secrets")"
    expect "$format: lines" 24 "$(wc -l <"$WORK/err" | tr -d ' ')"
    while read -r secret; do
        expect "$format: of ${secret:0:8}... nothing" 0 "$(grep -cF "${secret:0:40}" "$WORK/err")"
    done <"$WORK/secrets"
    expect "$format: nothing of the token" 0 "$(grep -c 'TheToken' "$WORK/err")"
done
tally
