# The prompt in front of radosgw and DynamoDB Local: the same scenario, key by key, and the same
# screens as with the embedded store. Run by tests/contract/run.
. tests/contract/servers.sh
. tests/contract/dynamodb_local.sh

if ! dynamodb_local_ready; then
    echo "FAILED: DynamoDB Local is not installed: make test-deps"
    echo "0 passed, 1 failed"
    exit 1
fi
export AWS_ENDPOINT_URL_S3=$AWS_ENDPOINT_URL
mkdir "$WORK/dynamodb" "$WORK/terminal"
trap 'dynamodb_local_stop "$WORK/dynamodb"' EXIT
python3 tests/contract/create_bucket.py "$AWS_ENDPOINT_URL_S3" TESTKEY TESTSECRET images &&
    dynamodb_local_start "$WORK/dynamodb" "$(free_port)" || exit 1
SAMPLES=$PWD/build/samples STORE_OPTIONS=--aws WORK=$WORK/terminal \
    bash tests/cli/repl_terminal_test.sh
