# Addresses and forms with --aws: whose server they point to, who signed them, when they end. Nothing
# is asked over the network.
. tests/cli/check.sh

export HOME=$WORK AWS_CONFIG_FILE=$WORK/config AWS_SHARED_CREDENTIALS_FILE=$WORK/credentials
export AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY \
    AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3
: >"$WORK/credentials"

# Prints where the address and the form point to, who signed, and the seconds that they are good for.
cat >"$WORK/script.lua" <<'LUA'
local s3 = require "s3"
local bucket = arg[1]
local url, how = s3.presign { bucket = bucket, key = "a b", expires_s = 3600 }
local form = s3.presign_post { bucket = bucket, key = "a b", max_bytes = 9, expires_s = 3600 }
print(url:match "^[^?]*")
print(form.url)
print(url:match "X%-Amz%-Credential=(%w+)", url:match "%%2F([%w-]+)%%2Fs3%%2Faws4_request",
  url:match "X%-Amz%-Security%-Token=([^&]*)", form.fields["x-amz-security-token"])
local left = how.expires // 1000 - os.time()
print(left <= 600 and left > 300 and tonumber(url:match "X%-Amz%-Expires=(%d+)") <= 600 and
  form.expires <= how.expires + 300000 and "ten minutes" or left > 3300 and "an hour" or left)
LUA

signed() {
    run run --aws "$WORK/script.lua" "$1"
    expect "exit status" "0 " "$status $err"
}

keys() { export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret; }

printf '[default]\nregion = eu-west-1\n' >"$WORK/config"
keys
signed photos
expect "AWS itself" "https://photos.s3.eu-west-1.amazonaws.com/a%20b
https://photos.s3.eu-west-1.amazonaws.com/
AKIDEXAMPLE	eu-west-1	nil	nil
an hour" "$out"

AWS_REGION=cn-north-1 AWS_SESSION_TOKEN=a+b/c== signed my.photos
expect "a bucket with a dot, a token" "https://s3.cn-north-1.amazonaws.com.cn/my.photos/a%20b
https://s3.cn-north-1.amazonaws.com.cn/my.photos/
AKIDEXAMPLE	cn-north-1	a%2Bb%2Fc%3D%3D	a+b/c==
an hour" "$out"

AWS_ENDPOINT_URL=http://127.0.0.1:9000/prefix/ signed photos
expect "another server" "http://127.0.0.1:9000/prefix/photos/a%20b
http://127.0.0.1:9000/prefix/photos/
AKIDEXAMPLE	eu-west-1	nil	nil
an hour" "$out"

LUNETTE_S3_ADDRESSING=virtual run run --aws "$WORK/script.lua" my.photos
expect "a name that can't stand in a host's" 1 "$status"
contains "says why, and what to do" "bucket 'my.photos' has a dot and can't stand in a host's name: \
AWS's certificates don't cover it; set LUNETTE_S3_ADDRESSING to auto or path" "$err"

# ---- credentials that end --------------------------------------------------------------------

unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
printf '[default]\nregion = eu-west-1\ncredential_process = sh %s/process\n' "$WORK" >"$WORK/config"
cat >"$WORK/process" <<SH
echo asked >>"$WORK/asked"
date -u -d '+10 minutes' '+{"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "secret",
    "SessionToken": "token", "Expiration": "%Y-%m-%dT%H:%M:%SZ"}'
SH
signed photos
expect "an address ends with its credentials" "https://photos.s3.eu-west-1.amazonaws.com/a%20b
https://photos.s3.eu-west-1.amazonaws.com/
AKIDPROCESS	eu-west-1	token	token
ten minutes" "$out"
expect "they are asked for once" asked "$(cat "$WORK/asked")"

tally
