# DynamoDB Local: AWS's own, in Java, from Maven Central; `make contract-deps` brings it. Checks no
# signatures. Sourced by tests/contract/run, which says what these are.
. tests/contract/servers.sh

dynamodb_local_suites="dynamodb keys"
dynamodb_local_folder=build/contract/dynamodb_local

dynamodb_local_ready() {
    [ -e "$dynamodb_local_folder/loopback.so" ] && command -v java >/dev/null
}

dynamodb_local_start() {
    local folder=$1 port=$2 jars=$PWD/$dynamodb_local_folder
    export AWS_ACCESS_KEY_ID=TESTKEY AWS_SECRET_ACCESS_KEY=TESTSECRET
    export TEST_STORES=dynamodb
    export AWS_ENDPOINT_URL=http://127.0.0.1:$port
    # It leaves a file in its working folder.
    (
        cd "$folder" &&
            LD_PRELOAD=$jars/loopback.so exec java -Xmx512m -Djava.library.path="$jars" \
                -cp "$jars/*" com.amazonaws.services.dynamodbv2.local.main.ServerRunner \
                -inMemory -disableTelemetry -port "$port"
    ) >"$folder/server.out" 2>&1 &
    echo $! >"$folder/pid"
    answers "$AWS_ENDPOINT_URL/" &&
        python3 tests/contract/create_tables.py "$AWS_ENDPOINT_URL" TESTKEY TESTSECRET
}

dynamodb_local_stop() { stop_by "$1/pid"; }
