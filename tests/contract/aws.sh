# AWS itself, where its owner asks for it: credentials, region and profile come from the environment
# and AWS's shared files, as for any use of Lunette. Sourced by tests/contract/run, which says what
# these are.
#
#   LUNETTE_TEST_BUCKET         an empty scratch bucket, without versions
#   LUNETTE_TEST_TABLE          a scratch table with the key id (S), whose items stay
#   LUNETTE_TEST_RANGE_TABLE    one with the key id (S) and at (N)
#   LUNETTE_TEST_ENTRY_TABLE    one with the key manifest (S) and name (S), or nothing
#
# Without the bucket or without the tables that half is left out. Deleted is what the tests made:
# what stands under the prefixes of their own.
. tests/contract/servers.sh

aws_has_bucket() { [ -n "${LUNETTE_TEST_BUCKET:-}" ]; }

aws_has_tables() { [ -n "${LUNETTE_TEST_TABLE:-}" ] && [ -n "${LUNETTE_TEST_RANGE_TABLE:-}" ]; }

aws_suites="keys"
! aws_has_bucket || aws_suites+=" s3 manifest_store effects events"
! aws_has_tables || aws_suites+=" dynamodb"

aws_ready() {
    aws_has_bucket || aws_has_tables && return
    echo "LUNETTE_TEST_BUCKET (or LUNETTE_TEST_TABLE and LUNETTE_TEST_RANGE_TABLE) is not set"
    return 2
}

aws_start() {
    local folder=$1
    TEST_STORES="$(! aws_has_bucket || echo s3) $(! aws_has_tables || echo dynamodb)"
    export TEST_STORES TEST_BUCKET=${LUNETTE_TEST_BUCKET:-} TEST_TABLE=${LUNETTE_TEST_TABLE:-} \
        TEST_RANGE_TABLE=${LUNETTE_TEST_RANGE_TABLE:-} \
        TEST_ENTRY_TABLE=${LUNETTE_TEST_ENTRY_TABLE:-}
    ! aws_has_bucket ||
        "$LUNETTE" run --aws tests/contract/scratch.lua empty >"$folder/start.out" 2>&1 || return
    touch "$folder/used"
}

aws_stop() {
    [ ! -e "$1/used" ] || ! aws_has_bucket ||
        "$LUNETTE" run --aws tests/contract/scratch.lua clean
}
