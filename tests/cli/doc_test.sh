# `lunette doc` prints what an editor shows: modules, functions, options, tables.
. tests/cli/check.sh

run doc
expect "status" 0 "$status"
for module in s3 events manifest json log hash uuid env task metrics; do
    contains "the list has $module" $'\n'"$module " $'\n'"$out"
done
contains "the list has functions, one line each" "  s3.put     " "$out"
expect "no line is longer than a terminal" "" "$(grep -E '^.{101,}' <<<"$out")"

run doc s3
contains "a module's text" "Objects in S3" "$out"
contains "a module's functions" "  s3.delete_all    Deletes many objects at once" "$out"
contains "a module's tables" "  s3.object " "$out"

run doc s3.put
expect "a function's first line" "s3.put(options) -> s3.written?, \"conflict\"|nil" "${out%%$'\n'*}"
contains "its text" "Writes an object, whole or not at all" "$out"
contains "its fields, with types" "content_type?           string                 Default" "$out"
contains "what it returns" "nil when the condition was lost" "$out"
contains "and what is in that" $'\n'"s3.written" "$out"

run doc context
contains "a table" "cold_start" "$out"
run doc json.null
expect "a value" "json.null: lightuserdata" "${out%%$'\n'*}"
run doc events.handler
contains "code is left as it is" "return events.handler {" "$(run doc events; echo "$out")"

refuses "no documentation for 's3.putt', did you mean 's3.put'?" doc s3.putt
refuses "no documentation for 'zzzzzzzz';" doc zzzzzzzz
refuses "one operand too many" doc s3 json

tally
