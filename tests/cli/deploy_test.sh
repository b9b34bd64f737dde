# What layer/deploy.sh asks AWS for, with an `aws`, a `sam` and a `terraform` that write down how they
# were called.
. tests/cli/check.sh

mkdir -p "$WORK/bin" "$WORK/build/layer/arm64" "$WORK/layer"
cp -r layer/templates layer/deploy.sh "$WORK/layer/"
printf layer >"$WORK/build/layer/arm64/layer.zip"
printf function >"$WORK/build/function.zip"
cat >"$WORK/bin/aws" <<'AWS'
#!/bin/sh
printf '%s\n' "$(basename "$0") $*" >>calls
case "$*" in
s3api\ head-object*) grep -qx "$6" there ;;
s3api\ head-bucket*) [ "$4" != elsewhere ] ;;
*state\ list) [ ! -e unknown ] && printf '%s\n' aws_lambda_function.function 'aws_s3_bucket.pictures[0]' \
    aws_s3_bucket_notification.uploads 'aws_dynamodb_table.metadata[0]' ;;
esac
AWS
chmod +x "$WORK/bin/aws"
ln -s aws "$WORK/bin/sam"
ln -s aws "$WORK/bin/terraform"

# asked ARGUMENT...: runs deploy.sh; leaves the calls in $out and what it complains of in $err
asked() {
    rm -f "$WORK/calls"
    touch "$WORK/calls"
    err=$(cd "$WORK" && PATH="$WORK/bin:$PATH" AWS_REGION=eu-west-1 sh layer/deploy.sh "$@" 2>&1)
    status=$?
    out=$(cat "$WORK/calls")
}

layer_key=lunette/layer-arm64-$(printf layer | sha256sum | cut -c 1-16).zip
function_key=lunette/function-$(printf function | sha256sum | cut -c 1-16).zip
compress="Pictures=yes KeyAttribute=imageId Api=no WritesUploads=no PublicUploads=no Architecture=arm64"
printf '%s\n' "$layer_key" >"$WORK/there"

asked cloudformation compress photos artifacts arm64 Api=yes "AlarmEmail=a b@example.com"
expect "it succeeds" 0 "$status"
contains "the function is uploaded" \
    "s3 cp --only-show-errors build/function.zip s3://artifacts/$function_key" "$out"
expect "the layer, which is there, is not" 1 "$(grep -c '^aws s3 cp' <<<"$out")"
contains "the stack gets both, what the recipe needs, and last what was asked for" \
    "--parameter-overrides ArtifactBucket=artifacts LayerKey=$layer_key FunctionKey=$function_key \
$compress Api=yes AlarmEmail=a b@example.com" "$out"
contains "it may make the role" "--capabilities CAPABILITY_IAM" "$out"
contains "and says where things are" "describe-stacks --stack-name photos" "$out"

asked delete cloudformation photos
expect "the stack is deleted, and waited for" "aws cloudformation delete-stack --stack-name photos
aws cloudformation wait stack-delete-complete --stack-name photos" "$out"

asked sam compress photos artifacts arm64 LogDays=7
expect "SAM deploys" 0 "$status"
expect "SAM uploads by itself, and gets the same settings" "sam deploy --stack-name photos \
--template-file build/sam/photos-sam.yaml --s3-bucket artifacts --s3-prefix lunette \
--capabilities CAPABILITY_IAM --no-confirm-changeset --no-fail-on-empty-changeset \
--parameter-overrides $compress LogDays=7" "$out"
expect "what it uploads lies beside its template" "function.zip layer.zip photos-sam.yaml" \
    "$(cd "$WORK/build/sam" && echo *)"

asked terraform compress photos artifacts arm64 "AlarmEmail=a b@example.com"
contains "what Terraform knows lies in the bucket" "init -input=false -reconfigure \
-backend-config=bucket=artifacts -backend-config=key=lunette/photos.tfstate \
-backend-config=region=eu-west-1" "$out"
contains "Terraform gets the same settings" "-chdir=layer/templates/terraform apply -input=false \
-auto-approve -var Stack=photos -var LayerFile=$WORK/build/layer/arm64/layer.zip \
-var FunctionFile=$WORK/build/function.zip -var Pictures=yes -var KeyAttribute=imageId -var Api=no \
-var WritesUploads=no -var PublicUploads=no -var Architecture=arm64 \
-var AlarmEmail=a b@example.com" "$out"

asked delete terraform photos artifacts
expect "Terraform forgets buckets and tables, and deletes the rest" \
    "aws_s3_bucket.pictures[0] aws_dynamodb_table.metadata[0] destroy" \
    "$(awk '/ state rm / { printf "%s ", $NF } / destroy / { print $3 }' <<<"$out")"

touch "$WORK/unknown"
asked delete terraform photos artifacts
expect "what Terraform can't list it does not delete" "1, " "$status, $(grep ' destroy ' <<<"$out")"

for what in "cloudformation '' artifacts" "terraform photos ''" "terraform '' artifacts"; do
    eval "asked delete $what"
    expect "nothing is deleted that is not named: $what" "1, " "$status, $out"
done
for what in "'' artifacts" "photos ''"; do
    eval "asked cloudformation compress $what arm64 Api=yes"
    expect "nothing is deployed without a name and a place: $what" "1, " "$status, $out"
done

for recipe in scripts/handler.lua scripts/recipes/*.lua; do
    name=$(basename "$recipe" .lua)
    asked cloudformation "$name" photos artifacts arm64
    expect "$name can be deployed" 0 "$status"
    expect "make packs $name" "sh layer/function.sh build/function.zip $recipe" \
        "$(make -n function RECIPE="$name" | grep -o 'sh layer/function.sh.*' | sed 's/ *$//')"
done

asked pulumi compress photos artifacts arm64
expect "no other tool is known" "1, deploy: there is no tool 'pulumi': cloudformation, sam or terraform" \
    "$status, $err"
asked cloudformation nothing photos artifacts arm64
expect "no other recipe is known" "1, deploy: there is no layer/templates/recipes/nothing.env" \
    "$status, $err"

asked check cloudformation compress photos artifacts
expect "all is there: nothing is said, and nothing changed" \
    "0, , aws s3api head-bucket --bucket artifacts" "$status, $err, $out"
for tool in sam terraform; do
    asked check $tool compress photos artifacts
    expect "so it is for $tool" "0, , " "$status, $err, $out"
done
asked check cloudformation compress photos elsewhere
contains "a bucket that is not to be had is said before anything is built" \
    "1, deploy: the bucket 'elsewhere' (ARTIFACTS) is not to be had" "$status, $err"
for slip in "cloudformation compress '' artifacts" "cloudformation compress photos ''" \
    "cloudformation nothing photos artifacts" "pulumi compress photos artifacts"; do
    eval "asked check $slip"
    expect "so is a slip: $slip" "1, " "$status, $out"
done
mv "$WORK/bin/sam" "$WORK/sam"
err=$(cd "$WORK" && PATH=/usr/bin:/bin sh layer/deploy.sh check sam compress photos artifacts 2>&1)
contains "so is a tool that is not installed" "there is no 'sam' here" "$err"
mv "$WORK/sam" "$WORK/bin/sam"
said=$(make -s deploy RECIPE=compress ARTIFACTS=artifacts 2>&1)
contains "make deploy begins with that" "deploy: say STACK=photos and ARTIFACTS=BUCKET" "$said"
expect "and builds nothing then" "" "$(grep -E 'BUILD|FETCH|function.zip' <<<"$said")"

rm "$WORK/build/function.zip"
asked cloudformation compress photos artifacts arm64
expect "without a function nothing is deployed" "1, " "$status, $(grep cloudformation <<<"$out")"
contains "and it says what to do" "make layer function" "$err"
tally
