#!/bin/sh
# Deploys the layer and the function as layer/templates/photos.yaml says, with AWS's command line and
# the credentials that it finds. `make deploy` runs it.
#
#   deploy.sh STACK ARTIFACT_BUCKET ARCH [PARAMETER=VALUE...]
#
# What is uploaded is named by its content: the same bytes are uploaded once, other bytes change the
# stack.
set -eu
stack=$1 bucket=$2 arch=$3
shift 3

# upload FILE NAME: leaves its key in $key.
upload() {
    [ -r "$1" ] || { echo "deploy: there is no $1; make layer function" >&2 && exit 1; }
    key=lunette/$2-$(sha256sum "$1" | cut -c 1-16).zip
    aws s3api head-object --bucket "$bucket" --key "$key" >/dev/null 2>&1 ||
        aws s3 cp --only-show-errors "$1" "s3://$bucket/$key"
}

upload "build/layer/$arch/layer.zip" "layer-$arch"
layer_key=$key
upload build/function.zip function
aws cloudformation deploy --stack-name "$stack" --template-file layer/templates/photos.yaml \
    --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
    --parameter-overrides "ArtifactBucket=$bucket" "LayerKey=$layer_key" "FunctionKey=$key" \
    "Architecture=$arch" "$@"
aws cloudformation describe-stacks --stack-name "$stack" --output table \
    --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]'
