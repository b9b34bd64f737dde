#!/bin/sh
# Lays out root certificates as OpenSSL finds them by name: one file each, called HASH.N. A
# handshake then reads the one root that it needs, not all of them. Files, no links: a zip keeps
# them everywhere.
#
#   certificates.sh FROM TO     FROM: a folder of certificates (*.crt, PEM), one in each file
set -eu
from=$1 to=$2
mkdir -p "$to"
for certificate in "$from"/*.crt; do
    hash=$(openssl x509 -noout -subject_hash -in "$certificate")
    n=0
    while [ -e "$to/$hash.$n" ]; do n=$((n + 1)); done
    openssl x509 -in "$certificate" >"$to/$hash.$n"
done
