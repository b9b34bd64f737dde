#!/bin/sh
# Deploys the layer, the function and all around them with the tool given, its command line, and the
# credentials that it finds. `make deploy` and `make undeploy` run it.
#
#   deploy.sh TOOL RECIPE STACK BUCKET ARCH [PARAMETER=VALUE...]
#   deploy.sh check TOOL RECIPE STACK BUCKET     what is missing, said before minutes of building
#   deploy.sh delete TOOL STACK BUCKET           what holds photos or records stays
#   deploy.sh sam-folder ARCH                    build/sam/, as SAM needs it
#
# TOOL: cloudformation, sam or terraform. RECIPE: a file of layer/templates/recipes/; what is given as
# PARAMETER=VALUE counts more. BUCKET is yours: the zips go there, and what Terraform knows.
set -eu
here=layer/templates

fail() {
    echo "deploy: $1" >&2
    exit 1
}

# uploaded FILE NAME: leaves its key in $key. Named by its content: the same bytes are uploaded once,
# other bytes change the stack.
uploaded() {
    key=lunette/$2-$(sha256sum "$1" | cut -c 1-16).zip
    aws s3api head-object --bucket "$bucket" --key "$key" >/dev/null 2>&1 ||
        aws s3 cp --only-show-errors "$1" "s3://$bucket/$key"
}

say_where() {
    aws cloudformation describe-stacks --stack-name "$stack" --output table \
        --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]'
}

deploy_cloudformation() {
    uploaded "$layer" "layer-$arch"
    layer_key=$key
    uploaded "$function" function
    aws cloudformation deploy --stack-name "$stack" --template-file $here/photos.yaml \
        --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
        --parameter-overrides "ArtifactBucket=$bucket" "LayerKey=$layer_key" "FunctionKey=$key" "$@"
    say_where
}

sam_folder() {
    mkdir -p build/sam
    cp "$layer" "$function" build/sam/
    sh $here/sam.sh >build/sam/photos-sam.yaml
}

deploy_sam() {
    sam_folder
    sam deploy --stack-name "$stack" --template-file build/sam/photos-sam.yaml \
        --s3-bucket "$bucket" --s3-prefix lunette --capabilities CAPABILITY_IAM \
        --no-confirm-changeset --no-fail-on-empty-changeset --parameter-overrides "$@"
}

# What Terraform knows of a stack lies in the bucket, so that any machine can go on.
terraform_init() {
    export TF_DATA_DIR="$PWD/build/terraform/$stack"
    terraform -chdir=$here/terraform init -input=false -reconfigure \
        -backend-config="bucket=$bucket" -backend-config="key=lunette/$stack.tfstate" \
        -backend-config="region=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}"
}

deploy_terraform() {
    terraform_init
    for setting; do
        shift
        set -- "$@" -var "$setting"
    done
    terraform -chdir=$here/terraform apply -input=false -auto-approve -var "Stack=$stack" \
        -var "LayerFile=$PWD/$layer" -var "FunctionFile=$PWD/$function" "$@"
}

# Terraform forgets first what has to stay: buckets, what is set on them, and tables.
delete_terraform() {
    terraform_init
    known=$(terraform -chdir=$here/terraform state list) || fail "what there is of $stack is not known"
    printf '%s\n' "$known" | while read -r address; do
        case $address in
        aws_s3_bucket_notification.*) ;;
        aws_s3_bucket* | aws_dynamodb_table.*)
            terraform -chdir=$here/terraform state rm "$address" </dev/null
            ;;
        esac
    done
    terraform -chdir=$here/terraform destroy -input=false -auto-approve -var "Stack=$stack" \
        -var LayerFile=/dev/null -var FunctionFile=/dev/null
}

delete_stack() {
    aws cloudformation delete-stack --stack-name "$stack"
    aws cloudformation wait stack-delete-complete --stack-name "$stack"
}

need_zips() {
    layer=build/layer/$arch/layer.zip function=build/function.zip
    for file in "$layer" "$function"; do
        [ -r "$file" ] || fail "there is no $file; make layer function"
    done
}

need_names() {
    [ -n "$stack" ] && [ -n "$bucket" ] || fail "say STACK=photos and ARTIFACTS=BUCKET"
    [ -r "$settings" ] || fail "there is no $settings"
    case $tool in
    cloudformation | sam | terraform) ;;
    *) fail "there is no tool '$tool': cloudformation, sam or terraform" ;;
    esac
}

# The bucket of the zips is asked for, as that needs credentials, too.
need_tool() {
    program=$tool
    [ "$tool" != cloudformation ] || program=aws
    command -v "$program" >/dev/null ||
        fail "there is no '$program' here; install it, or choose another TOOL"
    [ "$program" != aws ] || aws s3api head-bucket --bucket "$bucket" >/dev/null ||
        fail "the bucket '$bucket' (ARTIFACTS) is not to be had; aws s3 mb s3://$bucket makes it"
}

deploy() {
    tool=$1 settings=$here/recipes/$2.env stack=$3 bucket=$4 arch=$5
    shift 5
    need_names
    need_zips
    # shellcheck disable=SC2046 # one word a line
    set -- $(cat "$settings") "Architecture=$arch" "$@"
    "deploy_$tool" "$@"
}

case ${1:-} in
delete)
    tool=$2 stack=${3:-} bucket=${4:-}
    [ -n "$stack" ] || fail "say which: STACK=photos"
    case $tool in
    terraform)
        [ -n "$bucket" ] || fail "say where Terraform's state is: ARTIFACTS=BUCKET"
        delete_terraform
        ;;
    *) delete_stack ;;
    esac
    ;;
sam-folder)
    arch=$2
    need_zips
    sam_folder
    ;;
check)
    tool=$2 settings=$here/recipes/$3.env stack=$4 bucket=$5
    need_names
    need_tool
    ;;
*)
    deploy "$@"
    ;;
esac
