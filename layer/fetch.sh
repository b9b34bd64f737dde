#!/bin/sh
# Gets Debian packages for the layer without installing them: archives of one architecture unpacked
# into a sysroot, sources unpacked into a folder. Needs no root and changes nothing on the machine,
# whose own list may lack source packages, or know one architecture only.
#
#   fetch.sh prepare APT                          make a private package list in the folder APT
#   fetch.sh archives APT DEBIAN_ARCH TO PACKAGE...   unpack binary packages into the folder TO
#   fetch.sh source APT TO PACKAGE                unpack the source of PACKAGE as the folder TO
#   fetch.sh system APT TO RELEASE PACKAGE,...    bootstrap a small system in the folder TO (root)
#
# `archives` and `source` also write what they took to TO.list, one line a package: name, version,
# SHA-256. apt checks every file against the archive's signature.
set -eu

apt_settings() {
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
    cat <<END
Dir::State::Lists "$1/lists";
Dir::Cache "$1/cache";
APT::Sandbox::User "";
APT::Get::List-Cleanup "false";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Architectures { "amd64"; "arm64"; };
END
}

# The archives that are Debian's among those that this machine uses, whatever they are called there.
# The release comes before its security updates: of a version that is in both, apt takes the first's
# file, and the other may have dropped it.
debian_archives() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' \
        'Created-By: Packages' | awk '$4 == "Debian" { print $1, $2, $3 }' | sort -u -k 2
}

prepare() {
    apt=$1
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$apt"
    apt_settings "$apt" >"$apt/machine.conf"
    export APT_CONFIG="$apt/machine.conf"
    apt-get update -qq >"$apt/update.log" 2>&1 || true # the others may well be out of reach
    debian_archives >"$apt/archives"
    [ -s "$apt/archives" ] || {
        echo "layer: no Debian archive can be reached, see $apt/update.log" >&2
        exit 1
    }
    [ -e "$keys" ] && signed="[signed-by=$keys]" || signed=
    while read -r address release component; do
        echo "deb $signed $address $release $component"
        echo "deb-src $signed $address $release $component"
    done <"$apt/archives" >"$apt/sources.list"
    {
        apt_settings "$apt"
        echo "Dir::Etc::SourceList \"$apt/sources.list\";"
        echo 'Dir::Etc::SourceParts "/dev/null";'
    } >"$apt/apt.conf"
    APT_CONFIG="$apt/apt.conf" apt-get update -qq
}

archives() {
    export APT_CONFIG="$1/apt.conf"
    architecture=$2 to=$3
    shift 3
    rm -rf "$to" "$to.debs"
    mkdir -p "$to" "$to.debs"
    (cd "$to.debs" && apt-get download -qq -o APT::Architecture="$architecture" "$@")
    for deb in "$to.debs"/*.deb; do
        dpkg-deb -x "$deb" "$to"
        printf '%s %s\n' "$(dpkg-deb -W --showformat '${Package} ${Version}' "$deb")" \
            "$(sha256sum "$deb" | cut -d ' ' -f 1)"
    done | LC_ALL=C sort >"$to.list"
    rm -r "$to.debs"
}

# The newest version that is really there: an archive's list may be ahead of its files, or behind.
download_source() {
    apt-cache showsrc --only-source "$1" | awk '/^Version:/ { print $2 }' | sort -ruV >versions
    while read -r version; do
        if apt-get source -qq --download-only "$1=$version" 2>errors; then
            rm -f versions errors
            return 0
        fi
        echo "layer: the archive lists $1 $version, but does not have it" >&2
        rm -f *.tar.* *.dsc
    done <versions
    cat errors >&2
    return 1
}

source_of() {
    export APT_CONFIG="$1/apt.conf"
    to=$2 package=$3
    rm -rf "$to" "$to.files"
    mkdir -p "$to.files"
    (cd "$to.files" && download_source "$package")
    dpkg-source --no-check -x "$to.files"/*.dsc "$to" >"$to.log" 2>&1
    if [ -e "$to/configure.ac" ] && [ ! -e "$to/configure" ]; then
        (cd "$to" && autoreconf -fi >>"$to.log" 2>&1)
    fi
    awk -v name="$package" -v sum="$(sha256sum "$to.files"/*.dsc | cut -d ' ' -f 1)" \
        '/^Version:/ { print name, $2, sum; exit }' "$to.files"/*.dsc >"$to.list"
    rm -r "$to.files"
}

system_of() {
    address=$(awk '$2 !~ /-/ { print $1; exit }' "$1/archives")
    [ "$(id -u)" = 0 ] && sudo= || sudo=sudo
    $sudo rm -rf "$2"
    $sudo debootstrap --variant=minbase --include="$4" "$3" "$2" "$address" >"$2.log" 2>&1 || {
        tail -n 20 "$2.log" >&2
        exit 1
    }
}

command=$1
shift
case $command in
prepare) prepare "$@" ;;
archives) archives "$@" ;;
source) source_of "$@" ;;
system) system_of "$@" ;;
*) exit 2 ;;
esac
