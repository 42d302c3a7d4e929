#!/bin/sh
# Builds the library once and installs what C programs need: header, shared and static library, pkg-config file.
# Whoever links with it afterwards needs neither cargo nor this checkout.
#
#   ./install.sh PREFIX       such as /usr/local
#
# DESTDIR goes in front of every path that is written, for packages; LIBDIR is PREFIX/lib unless it is set; PROFILE is
# the cargo profile, release unless it is set.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 PREFIX" >&2
    exit 2
fi
prefix=$1
libdir=${LIBDIR:-$prefix/lib}
profile=${PROFILE:-release}
here=$(cd "$(dirname "$0")" && pwd)
cargo=${CARGO:-cargo}

"$cargo" build --locked --manifest-path "$here/Cargo.toml" --lib --profile "$profile"
built=$("$cargo" metadata --format-version 1 --no-deps --manifest-path "$here/Cargo.toml" |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
# The folder of the profile `dev` has a name of its own.
case $profile in dev | test) built=$built/debug ;; *) built=$built/$profile ;; esac

number() { sed -n "s/^#define BELISHA_ABI_$1 //p" "$here/include/belisha.h"; }
name=libbelisha.so.$(number MAJOR)
version=$("$cargo" pkgid --manifest-path "$here/Cargo.toml" | sed 's/.*[#@]//')

into=${DESTDIR:-}$libdir
mkdir -p "$into/pkgconfig" "${DESTDIR:-}$prefix/include"
install -m 644 "$here/include/belisha.h" "${DESTDIR:-}$prefix/include/belisha.h"
install -m 644 "$built/libbelisha.a" "$into/libbelisha.a"
# Put in place in one step: a program that starts meanwhile finds the old library or the new.
install -m 755 "$built/libbelisha.so" "$into/.$name.new"
mv -f "$into/.$name.new" "$into/$name.$(number MINOR)"
ln -sf "$name.$(number MINOR)" "$into/$name"
ln -sf "$name" "$into/libbelisha.so"
sed -e "s|@prefix@|$prefix|" -e "s|@libdir@|$libdir|" -e "s|@version@|$version|" "$here/belisha.pc.in" \
    > "$into/pkgconfig/belisha.pc"
echo "installed belisha $version in $prefix"
