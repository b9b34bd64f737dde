# Sixteen processes change one manifest at once, in Ceph's S3 alone, and with a table in a real
# DynamoDB beside it. First all of them in peace; then for uploads that are replaced and deleted,
# whose events come twice and in any order, to processes that kill themselves between two steps (and
# their events come again). In the end the manifest has to be what the uploads are. Run by
# tests/contract/run.
. tests/cli/check.sh
. tests/contract/servers.sh

export STORM STORM_TABLE STORM_DEATHS STORM_SEED
storm() {
    timeout 600 "$LUNETTE" run --aws --timeout 500 tests/contract/radosgw/manifest_storm.lua "$@"
}

# sums NAME: the columns of a file of numbers, added up
sums() { awk '{ a += $1; b += $2; c += $3 } END { print a + 0, b + 0, c + 0 }' "$WORK/$1"; }

milliseconds() { date +%s%3N; }

# in_peace NAME: each of sixteen writes seven entries, and then changes them
in_peace() {
    local began jobs=() well=0 writes conflicts looks
    STORM=storm/peace-$1 STORM_DEATHS=0
    : >"$WORK/counts"
    began=$(milliseconds)
    for id in $(seq 16); do
        STORM_SEED=$id storm writer "$id" 7 &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" && well=$((well + 1)); done
    began=$(($(milliseconds) - began))
    read -r writes conflicts looks <<<"$(sums counts)"
    expect "$1: sixteen writers end well" 16 "$well"
    expect "$1: no update is lost" "112 112 112" "$(storm count)"
    echo "$1: 224 updates by 16 processes in $began ms: $looks looks, $writes writes of the" \
        "object, $conflicts conflicts"
}

# worker ID: is started again when it was killed, and its event comes again
worker() {
    local lives=0 status=1
    while [ "$status" != 0 ] && [ "$lives" -lt 100 ]; do
        lives=$((lives + 1))
        STORM_SEED=$(($1 * 1000 + lives)) storm worker "$1" 2>>"$WORK/errors"
        status=$?
        for claimed in "$WORK"/events/*.claimed-"$1"; do
            [ ! -e "$claimed" ] || mv "$claimed" "${claimed%.claimed-*}"
        done
    done
    echo "$lives" >>"$WORK/lives"
    return "$status"
}

# in_storm NAME
in_storm() {
    local began jobs=() well=0 writes conflicts looks events
    STORM=storm/storm-$1
    rm -rf "$WORK"/{events,closed,lives,sources,errors}
    mkdir "$WORK/events"
    : >"$WORK/counts"
    began=$(milliseconds)
    STORM_DEATHS=0 STORM_SEED=17 storm changer 300 &
    jobs+=($!)
    STORM_DEATHS=0.015
    for id in $(seq 16); do
        worker "$id" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" && well=$((well + 1)); done
    began=$(($(milliseconds) - began))
    read -r writes conflicts looks <<<"$(sums counts)"
    events=$(cat "$WORK/closed")
    STORM_DEATHS=0
    expect "$1: the changer and sixteen workers end well" 17 "$well"
    expect "$1: no worker failed otherwise" "" "$(grep -v ' Killed ' "$WORK/errors" | head -n 3)"
    expect "$1: the manifest is what the uploads are" "0 wrong" "$(storm compare)"
    echo "$1: 300 changes, $events events, 16 processes killed" \
        "$(($(sums lives | cut -d' ' -f1) - 16)) times, in $began ms:" \
        "$(cat "$WORK/sources") uploads are left; the survivors had $looks looks, $writes writes," \
        "$conflicts conflicts"
}

# A real DynamoDB on a port of its own; AWS_ENDPOINT_URL stays Ceph's.
start_table() {
    local s3_endpoint=$AWS_ENDPOINT_URL
    for server in dynamodb_local moto; do
        . "tests/contract/$server.sh"
        "${server}_ready" || continue
        mkdir "$WORK/$server"
        trap '${server}_stop "$WORK/$server"' EXIT
        "${server}_start" "$WORK/$server" "$(free_port)" || return 1
        export AWS_ENDPOINT_URL_DYNAMODB=$AWS_ENDPOINT_URL AWS_ENDPOINT_URL=$s3_endpoint
        echo "the table is $server's"
        return 0
    done
    return 1
}

STORM_TABLE=
in_peace object
in_storm object
if start_table; then
    STORM_TABLE=lists
    in_peace table
    in_storm table
else
    expect "a DynamoDB" "installed and up" "neither DynamoDB Local nor moto: make contract-deps"
fi
tally
