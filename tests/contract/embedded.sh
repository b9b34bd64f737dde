# The embedded store: no server, and nothing to install; `make test` runs all its tests anyway. Here
# it goes the same way as the others. Sourced by tests/contract/run, which says what these are.

embedded_suites="s3 dynamodb manifest_store keys effects events"

embedded_ready() { true; }

embedded_start() {
    options=(--store "$1/store" --bucket uploads --table things=id --table lines=id:S,at:N
        --table lists=manifest:S,name:S)
}

embedded_stop() { true; }
