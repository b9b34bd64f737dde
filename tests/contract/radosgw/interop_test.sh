# The AWS CLI reads what Lunette wrote, and Lunette what the CLI wrote, a multipart upload included.
# Run by tests/contract/run.
. tests/cli/check.sh

export LUNETTE_S3_MULTIPART_BYTES=5242880
lunette() { timeout 600 "$LUNETTE" run --aws tests/contract/radosgw/interop.lua "$1" "$WORK"; }

# Debian's own, not another that stands before it in PATH. (It knows no AWS_ENDPOINT_URL yet.)
cli() { timeout 600 /usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" --output text "$@" </dev/null; }
api() { cli s3api "$1" --bucket uploads "${@:2}"; }

if ! [ -x /usr/bin/aws ]; then
    expect "the AWS CLI" installed "missing: make contract-deps"
    tally
    exit 1
fi

# ---- Lunette writes, the CLI reads -----------------------------------------------------------

lunette write || exit 1
mapfile -d '' -t keys <"$WORK/keys"

head='[ContentLength,ContentType,CacheControl,ContentDisposition,ContentEncoding,
    Metadata.author,Metadata."source-etag"]'
wanted=$'256\timage/jpeg\tpublic, max-age=60\tinline; filename="a b.jpg"\tidentity\tAnn\t"abc"'
expect "headers and metadata" "$wanted" \
    "$(api head-object --key interop/headers --query "$head" | sed 's/\r$//')"
expect "tags" $'a b\tc/d+e\nkind\tphoto' \
    "$(api get-object-tagging --key interop/headers --query 'sort_by(TagSet,&Key)[].[Key,Value]')"
api get-object --key interop/headers "$WORK/bytes" >"$WORK/ignored"
LC_ALL=C awk 'BEGIN { for (i = 0; i < 256; i++) printf "%c", i }' >"$WORK/all"
expect "every byte" same "$(cmp "$WORK/bytes" "$WORK/all" && echo same)"

# Lunette was told to send what is larger than 5 MiB in parts.
expect "an upload in parts" $'12800000\timage/png\tAnn\ttrue' "$(api head-object --key interop/parts \
    --query '[ContentLength,ContentType,Metadata.author,contains(ETag,`-`)]' | sed 's/True$/true/')"
# Ceph 16 forgets the tags of uploads in parts, the CLI's, too; AWS keeps them.
expect "its tags" None \
    "$(api get-object-tagging --key interop/parts --query 'TagSet[].[Key,Value]')"
cli s3 cp --no-progress s3://uploads/interop/parts "$WORK/parts" >"$WORK/ignored"
python3 -c "import sys; sys.stdout.buffer.write(bytes(range(256)) * 50000)" |
    cmp - "$WORK/parts"
expect "its bytes" 0 "$?"

# The CLI's JSON escapes what a terminal would not show.
cli s3api list-objects-v2 --bucket uploads --prefix interop/lunette/ --page-size 7 \
    --query 'Contents[].Key' --output json >"$WORK/listed"
expect "every key is listed" same "$(python3 - "$WORK" <<'PY'
import json, sys
folder = sys.argv[1]
listed = [key.removeprefix("interop/lunette/") for key in json.load(open(folder + "/listed"))]
written = open(folder + "/keys", "rb").read().decode().split("\0")[:-1]
print("same" if listed == sorted(written, key=str.encode) else (listed, written))
PY
)"

for number in "${!keys[@]}"; do
    expect "get of key $number" "body $((number + 1))" \
        "$(api get-object --key "interop/lunette/${keys[$number]}" "$WORK/body" >"$WORK/ignored" &&
            cat "$WORK/body")"
done

# ---- the CLI writes, Lunette reads -----------------------------------------------------------

for number in "${!keys[@]}"; do
    printf 'CLI %s' "$number" >"$WORK/body"
    api put-object --key "interop/cli/${keys[$number]}" --body "$WORK/body" >"$WORK/ignored" ||
        echo "put of key $number failed"
done
api put-object --key interop/cli-headers --body "$WORK/all" --content-type image/jpeg \
    --cache-control 'public, max-age=60' --content-disposition 'inline; filename="a b.jpg"' \
    --content-encoding identity --metadata '{"author": "Ann", "source-etag": "\"abc\""}' \
    >"$WORK/ignored"

# More than the 8 MiB from which on the CLI uploads in parts of 8 MiB.
head -c 20000000 /dev/urandom >"$WORK/large.jpg"
cli s3 cp --no-progress "$WORK/large.jpg" s3://uploads/interop/large.jpg >"$WORK/ignored"
digest=$(sha256sum "$WORK/large.jpg" | cut -d ' ' -f 1)

lunette read >"$WORK/found"
count=${#keys[@]}
expect "every key that the CLI wrote" "$(seq -f 'CLI %g' 0 $((count - 1)))" \
    "$(head -n "$count" "$WORK/found")"
expect "the rest" "true
$wanted
true
20000000	image/jpeg	$digest	-3
true	20000000
not_modified
20000000" "$(tail -n +$((count + 1)) "$WORK/found")"

cli s3 cp --no-progress s3://uploads/interop/copy.jpg "$WORK/copy.jpg" >"$WORK/ignored"
expect "what Lunette copied of it" same "$(cmp "$WORK/large.jpg" "$WORK/copy.jpg" && echo same)"

tally
