#!/bin/sh
# Prints the licences of everything that is linked into the layer, word for word.
#
#   notice.sh PACKAGES SYSROOT SOURCES     PACKAGES: a file, one line each, with name and version
set -eu
packages=$1 sysroot=$2 sources=$3
text=$(mktemp)
trap 'rm -f "$text"' EXIT

section() { printf '\n======== %s ========\n\n' "$1"; }

licences() {
    while read -r name version _; do
        if [ -d "$sources/$name" ]; then
            section "$name $version"
            cat "$sources/$name/debian/copyright"
            for file in COPYING Copyright.txt LICENSE.md; do
                [ ! -e "$sources/$name/$file" ] || cat "$sources/$name/$file"
            done
        else
            section "$name $version"
            cat "$sysroot/usr/share/doc/$name/copyright"
        fi
    done <"$packages"
}

licences >"$text"

cat <<'END'
Lunette's Lambda layer is one program that stands on the work of others. These are the packages of
Debian that are linked into it, each with its licence; the certificates are Mozilla's, as Debian
distributes them.

glibc (libc6-dev), and libheif and libde265 where they are listed, are under the GNU Lesser General
Public License and linked statically. To link the layer with another version of them, or of anything
else here: the sources of Lunette hold the whole recipe (`make layer`), and what it fetches are
Debian's own packages, in the versions below.
END
cat "$text"
section "Lunette"
cat LICENSE

# The licences that Debian's texts refer to instead of quoting them.
grep -oE '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$text" | LC_ALL=C sort -u |
    while read -r file; do
        section "$file"
        cat "$sysroot$file"
    done
