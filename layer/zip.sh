#!/bin/sh
# Packs a folder so that the same files always give the same bytes: sorted by name, one time stamp
# (1 January 2025, or $SOURCE_DATE_EPOCH), modes that say only who may run a file, no user, no
# folders.
#
#   zip.sh FOLDER FILE.zip
set -eu
folder=$1
case $2 in /*) file=$2 ;; *) file=$PWD/$2 ;; esac
cd "$folder"
find . -type f -perm -u+x -exec chmod 755 {} +
find . -type f ! -perm -u+x -exec chmod 644 {} +
find . -exec touch -h -d "@${SOURCE_DATE_EPOCH:-1735689600}" {} +
rm -f "$file"
find . -type f | sed 's|^\./||' | LC_ALL=C sort | TZ=UTC zip -9 -X -D -q "$file" -@
