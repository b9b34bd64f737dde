# A Ceph with one radosgw on loopback, of Debian's packages: an S3 that checks signatures. Sourced
# by tests/contract/run, which says what these are; PORT + 1 is the monitor's.
#
# In memory, without authentication among its parts, one copy of everything: for tests only.

. tests/contract/servers.sh

radosgw_suites="s3 manifest_store keys effects events"

radosgw_ready() { command -v radosgw >/dev/null; }

radosgw_configure() {
    local folder=$1 port=$2 libraries
    libraries=$(echo /usr/lib/*/ceph)
    cat >"$folder/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = v1:127.0.0.1:$((port + 1))
ms bind msgr2 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
run dir = $folder/run
log file = $folder/log/\$name.log
mon cluster log file = $folder/log/cluster.log
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
erasure code dir = $libraries/erasure-code
plugin dir = $libraries
osd class dir = $libraries/../rados-classes
keyring = $folder/keyring
[mon]
mon data = $folder/mon
mon data avail crit = 1
mon data avail warn = 2
[osd]
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd max attr name len = 512
osd class update on start = false
osd crush update on start = false
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw enable ops log = false
rgw thread pool size = 32
rgw max attr name len = 512
CONF
}

radosgw_monitor() {
    local folder=$1 port=$2 id
    id=$(sed -n 's/^fsid = //p' "$folder/ceph.conf")
    ceph-authtool --create-keyring "$folder/keyring" --gen-key -n mon. --cap mon 'allow *' &&
        ceph-authtool "$folder/keyring" --gen-key -n client.admin \
            --cap mon 'allow *' --cap osd 'allow *' &&
        monmaptool --create --addv a "[v1:127.0.0.1:$((port + 1))]" --fsid "$id" \
            "$folder/monmap" &&
        ceph-mon -i a --mkfs --monmap "$folder/monmap" --keyring "$folder/keyring" &&
        ceph-mon -i a
}

# Debian's `ceph` is a Python program, and wants Debian's Python. A monitor that has just begun may
# refuse; none of these commands minds being repeated.
radosgw_admin() {
    for _ in 1 2 3 4 5; do
        timeout 120 /usr/bin/python3 "$(command -v ceph)" "$@" && return
        sleep 1
    done
    return 1
}

radosgw_storage() {
    local folder=$1 id
    id=$(cat /proc/sys/kernel/random/uuid)
    radosgw_admin osd new "$id" 0 &&
        ceph-osd -i 0 --mkfs --osd-uuid "$id" --mkkey &&
        ceph-osd -i 0 &&
        radosgw_admin osd crush add-bucket h1 host &&
        radosgw_admin osd crush move h1 root=default &&
        radosgw_admin osd crush add osd.0 1.0 host=h1
}

radosgw_start() {
    local folder=$1 port=$2
    mkdir -p "$folder"/{mon,osd,run,log}
    radosgw_configure "$folder" "$port"
    export CEPH_CONF="$folder/ceph.conf"
    export AWS_ACCESS_KEY_ID=TESTKEY AWS_SECRET_ACCESS_KEY=TESTSECRET
    export AWS_ENDPOINT_URL=http://127.0.0.1:$port
    export TEST_STORES=s3
    # It compares ETags with their quotes to ones without.
    export LUNETTE_S3_BARE_ETAGS=1
    { radosgw_monitor "$folder" "$port" && radosgw_storage "$folder"; } \
        >"$folder/log/start.out" 2>&1 || return 1
    radosgw -n client.rgw --conf "$CEPH_CONF" -f >"$folder/log/radosgw.out" 2>&1 &
    echo $! >"$folder/run/radosgw.pid"
    answers "$AWS_ENDPOINT_URL/" &&
        radosgw-admin user create --uid=t --display-name=t --access-key=TESTKEY \
            --secret-key=TESTSECRET --conf "$CEPH_CONF" >"$folder/log/user.out" 2>&1 &&
        python3 tests/contract/create_bucket.py "$AWS_ENDPOINT_URL" TESTKEY TESTSECRET uploads
}

# A storage daemon without its monitor would take minutes to end by itself.
radosgw_stop() {
    local file
    for file in "$1"/run/*.pid; do
        stop_by "$file"
    done
}
