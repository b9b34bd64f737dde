# Prints the table of deviations in tests/README.md; tests/house.sh sees to it that it is this one.
cd "$(dirname "$0")/../.." || exit
echo '| server | test | what it does instead |'
echo '|---|---|---|'
sed '/^#/d; s/^\([a-z_]*\) | [a-z0-9_]* | \(.*\) | \(.*\)$/| \1 | `\2` | \3 |/' \
    tests/contract/deviations
