# moto: S3 and DynamoDB in Python, from its package index. Checks no signatures. Sourced by
# tests/contract/run, which says what these are.

. tests/contract/servers.sh

moto_suites="s3 dynamodb manifest_store keys effects events"

moto_ready() { [ -x build/contract/moto/bin/moto_server ]; }

moto_start() {
    local folder=$1 port=$2
    export AWS_ACCESS_KEY_ID=TESTKEY AWS_SECRET_ACCESS_KEY=TESTSECRET
    export AWS_ENDPOINT_URL=http://127.0.0.1:$port
    build/contract/moto/bin/moto_server -H 127.0.0.1 -p "$port" >"$folder/server.out" 2>&1 &
    echo $! >"$folder/pid"
    answers "$AWS_ENDPOINT_URL/moto-api/" &&
        python3 tests/contract/create_bucket.py "$AWS_ENDPOINT_URL" TESTKEY TESTSECRET uploads &&
        python3 tests/contract/create_tables.py "$AWS_ENDPOINT_URL" TESTKEY TESTSECRET
}

moto_stop() { stop_by "$1/pid"; }
