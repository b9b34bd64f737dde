# Addresses and forms of s3.presign and s3.presign_post in the hands of somebody who has nothing but
# curl: what they allow, and what the server refuses, in its own words. Run by tests/contract/run.
. tests/cli/check.sh

lunette() { timeout 600 "$LUNETTE" run --aws tests/contract/radosgw/presign.lua "$1" "$WORK"; }

# send NAME ARGUMENT...: what the address or form says, and more; prints the status and, of an error,
# S3's code
send() {
    local name=$1
    shift
    : >"$WORK/answer"
    curl -s -m 20 -K "$WORK/$name" -o "$WORK/answer" -D "$WORK/headers" -w '%{http_code}' "$@"
    grep -aoE '<Code>[A-Za-z]+' "$WORK/answer" | sed 's/<Code>/ /'
}

# upload NAME FILE ARGUMENT...: the same with a body; curl's -T would put names behind a last "/"
upload() { send "$1" --data-binary "@$2" "${@:3}"; }

# changed NAME SED: another address or form, made of that one
changed() { sed -E "$2" "$WORK/$1" >"$WORK/changed"; }

answer() { cat "$WORK/answer"; }
header() { tr -d '\r' <"$WORK/headers" | sed -nE "s/^$1: (.*)/\1/Ip"; }

lunette make || exit 1
printf 'there' >"$WORK/five"
printf 'more than ten' >"$WORK/large"

# ---- addresses -------------------------------------------------------------------------------

keys=$(ls "$WORK" | grep -c '^put')
for number in $(seq "$keys"); do
    printf 'body %s' "$number" >"$WORK/body"
    expect "put of key $number" 200 "$(upload "put$number" "$WORK/body")"
    expect "get of key $number" "200 body $number" "$(send "get$number") $(answer)"
done

expect "an address that was not changed" "200 there" "$(send there) $(answer)"
expect "head" "200 5" "$(send head) $(header Content-Length)"
expect "what isn't there" "404 NoSuchKey" "$(send absent)"

expect "the answer's headers" 200 "$(send as)"
expect "the answer's type" "image/jpeg" "$(header Content-Type)"
expect "the answer's cache control" "no-store" "$(header Cache-Control)"
expect "the answer's encoding" "identity" "$(header Content-Encoding)"
expect "the answer's disposition" 'attachment; filename="a b+c.jpg"' "$(header Content-Disposition)"

refused="403 SignatureDoesNotMatch"
changed there 's|presign/there|presign/typed|'
expect "another key" "$refused" "$(send changed)"
changed there 's|X-Amz-Expires=3600|X-Amz-Expires=36000|'
expect "a longer time" "$refused" "$(send changed)"
changed there 's|X-Amz-Signature=.|X-Amz-Signature=x|'
expect "another signature" "$refused" "$(send changed)"
changed there 's|&X-Amz-Signature=|\&response-content-type=text/html&|'
expect "another answer" "$refused" "$(send changed)"
changed there 's|^request = .*|request = DELETE|'
expect "another method" "$refused" "$(send changed)"
expect "an upload to a download's address" "$refused" "$(upload there "$WORK/five" -X PUT)"
expect "after all that, it is still there" "200 there" "$(send there) $(answer)"

changed typed '/Content-Type/d'
expect "an upload of another type" "$refused" \
    "$(upload changed "$WORK/five" -H 'Content-Type: text/html')"
expect "an upload without the type" "$refused" "$(upload changed "$WORK/five" -H Content-Type:)"
changed typed 's|Ann|Bob|'
expect "an upload with other metadata" "$refused" "$(upload changed "$WORK/five")"
expect "an upload as it was signed" 200 "$(upload typed "$WORK/five")"

changed sized '/Content-Length/d' # curl says it by itself
expect "an upload of another size" "$refused" "$(upload changed "$WORK/large")"
expect "an upload of the right size" 200 "$(upload changed "$WORK/five")"

expect "an upload where nothing is" 200 "$(upload once "$WORK/five")"
expect "the same again" "412 PreconditionFailed" "$(upload once "$WORK/large")"
changed once '/If-None-Match/d'
expect "the same without its condition" "$refused" "$(upload changed "$WORK/large")"

# ---- forms -----------------------------------------------------------------------------------

file=(-F "file=@$WORK/five;filename=cat.jpg")
expect "a form that is too large" "400 EntityTooLarge" "$(send form -F "file=@$WORK/large")"
printf x >"$WORK/small"
expect "a form that is too small" "400 EntityTooSmall" "$(send form -F "file=@$WORK/small")"
changed form 's|^(form-string = "Content-Type=).*|\1text/html"|'
expect "a form of another type" "403 AccessDenied" "$(send changed "${file[@]}")"
changed form 's|^(form-string = "key=).*|\1presign/other"|'
expect "a form for another key" "403 AccessDenied" "$(send changed "${file[@]}")"
changed form 's|^(form-string = "x-amz-meta-author=).*|\1Bob"|'
expect "a form with other metadata" "403 AccessDenied" "$(send changed "${file[@]}")"
changed form 's|^(form-string = "policy=)eyJ|\1eyK|'
expect "a form with another policy" "403 AccessDenied" "$(send changed "${file[@]}")"
changed form '/x-amz-signature/d'
expect "a form without a signature" "400 InvalidArgument" "$(send changed "${file[@]}")"
expect "a form with a field more" "403 AccessDenied" \
    "$(send form -F x-amz-meta-more=1 "${file[@]}")"
expect "a form as it was signed" 201 "$(send form "${file[@]}")"

expect "a form of the sender's type" 204 "$(send any_form -F Content-Type=image/png "${file[@]}")"
expect "a type that is not allowed" "403 AccessDenied" \
    "$(send any_form -F Content-Type=text/html "${file[@]}")"
expect "no type" "403 AccessDenied" "$(send any_form "${file[@]}")"
changed any_form 's|^(form-string = "key=).*|\1presign/yours/cat.jpg"|'
expect "a key that is not his" "403 AccessDenied" \
    "$(send changed -F Content-Type=image/png "${file[@]}")"

# ---- late ------------------------------------------------------------------------------------

sleep 2
expect "an address that is over" "403 AccessDenied" "$(send late)"
expect "a form that is over" "403 AccessDenied" "$(send late_form "${file[@]}")"

# ---- what has come of it ---------------------------------------------------------------------

expect "delete" 204 "$(send delete)"
expect "delete of what is gone" "404 NoSuchKey" "$(send there)"
lunette verify >"$WORK/found"
expect "every key that was uploaded" "$(seq -f 'body %g' "$keys")" "$(head -n "$keys" "$WORK/found")"
# Ceph checks a form's Cache-Control and stores none; AWS does.
expect "the rest, and nothing that was refused" "presign/typed	there	image/jpeg	max-age=60	Ann
presign/form \"ü\" +%/../a.jpg	there	image/jpeg	nil	Ann
presign/mine/cat.jpg	there	image/png	nil	nil
presign/form \"ü\" +%/../a.jpg
presign/mine/cat.jpg
presign/once
presign/sized
presign/typed" "$(tail -n +$((keys + 1)) "$WORK/found")"

tally
