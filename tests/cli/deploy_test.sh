# What layer/deploy.sh asks AWS for, with an `aws` that writes down how it was called.
. tests/cli/check.sh

mkdir -p "$WORK/bin" "$WORK/build/layer/arm64" "$WORK/layer"
cp -r layer/templates layer/deploy.sh "$WORK/layer/"
printf layer >"$WORK/build/layer/arm64/layer.zip"
printf function >"$WORK/build/function.zip"
cat >"$WORK/bin/aws" <<'AWS'
#!/bin/sh
printf '%s\n' "$*" >>calls
[ "$1 $2" != "s3api head-object" ] || grep -qx "$6" there
AWS
chmod +x "$WORK/bin/aws"

# deploy [PARAMETER=VALUE...]: leaves the calls in $out.
deploy() {
    rm -f "$WORK/calls"
    (cd "$WORK" && PATH="$WORK/bin:$PATH" sh layer/deploy.sh photos artifacts arm64 "$@")
    status=$?
    out=$(cat "$WORK/calls")
}

layer_key=lunette/layer-arm64-$(printf layer | sha256sum | cut -c 1-16).zip
function_key=lunette/function-$(printf function | sha256sum | cut -c 1-16).zip
printf '%s\n' "$layer_key" >"$WORK/there"
deploy Api=yes "AlarmEmail=a b@example.com"
expect "it succeeds" 0 "$status"
contains "the function is uploaded" \
    "s3 cp --only-show-errors build/function.zip s3://artifacts/$function_key" "$out"
expect "the layer, which is there, is not" 1 "$(grep -c '^s3 cp' <<<"$out")"
contains "the stack gets both, and what was asked for" "--parameter-overrides \
ArtifactBucket=artifacts LayerKey=$layer_key FunctionKey=$function_key Architecture=arm64 Api=yes \
AlarmEmail=a b@example.com" "$out"
contains "it may make the role" "--capabilities CAPABILITY_IAM" "$out"
contains "and says where things are" "describe-stacks --stack-name photos" "$out"

rm "$WORK/build/function.zip"
deploy 2>"$WORK/said"
expect "without a function nothing is deployed" "1, " "$status, $(grep cloudformation <<<"$out")"
contains "and it says what to do" "make layer function" "$(cat "$WORK/said")"
tally
