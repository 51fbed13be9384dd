#!/bin/sh
# image-root.sh FROM TO: makes the root of the image in TO, of the files that Node needs of FROM, a Debian with Node in
# /usr/local. FROM may be of another platform: its files are read, and nothing of it runs. There is no shell and no other
# program than Node. Certificates of CAs and time zones are not there either, because Node has its own in it.
set -eu
from=$1 to=$2

mkdir -p "$to/usr/local/bin" "$to/usr/lib" "$to/etc/kubepass/policies" "$to/var/lib/dpkg/status.d" "$to/tmp"
install -d -m 700 -o 10001 -g 10001 "$to/var/lib/kubepass"
chmod 1777 "$to/tmp"
# Where Debian has /lib as a link, its packages still list their files below it. So links come first.
for link in lib lib64; do
  [ ! -L "$from/$link" ] || { mkdir -p "$to/usr/$link" && ln -s "usr/$link" "$to/$link"; }
done

# is_needed PATH: a library, or what the packages say of their licences. iconv's modules, which nobody calls, are not.
is_needed() {
  case $1 in
    usr/share/doc/*/copyright | usr/share/common-licenses/* | usr/lib/os-release | etc/debian_version) true ;;
    */gconv/* | */audit/*) false ;;
    lib/*.so* | lib64/*.so* | usr/lib/*.so*) case $1 in *.py) false ;; esac ;;
    *) false ;;
  esac
}

# Those that Node is linked with, and base-files for the licences that the others name.
for package in base-files gcc-12-base libc6 libgcc-s1 libstdc++6; do
  list=$from/var/lib/dpkg/info/$package.list
  [ -f "$list" ] || list=$(echo "$from/var/lib/dpkg/info/$package":*.list)
  sed 's|^/||' "$list" | while read -r path; do
    if is_needed "$path" && { [ -f "$from/$path" ] || [ -L "$from/$path" ]; } && [ ! -d "$from/$path" ]; then
      echo "$path"
    fi
  done | tar -C "$from" -cf - --no-recursion -T - | tar -C "$to" -xf -
  # Packages of one source have one folder of documentation.
  [ -e "$to/usr/share/doc/$package/copyright" ] || ln -s gcc-12-base "$to/usr/share/doc/$package"
  [ -e "$to/usr/share/doc/$package/copyright" ] || { echo "there is no licence of $package in $from" >&2; exit 1; }
  # A file for each package, where scanners look in an image without dpkg.
  awk -v package="$package" 'BEGIN { RS = "" } $1 == "Package:" && $2 == package' "$from/var/lib/dpkg/status" \
    >"$to/var/lib/dpkg/status.d/$package"
  [ -s "$to/var/lib/dpkg/status.d/$package" ] || { echo "there is no $package in $from" >&2; exit 1; }
done

ln -s ../usr/lib/os-release "$to/etc/os-release"
cp "$from/usr/local/bin/node" "$to/usr/local/bin/node"
printf '%s\n' 'root:x:0:0:root:/:/sbin/nologin' 'kubepass:x:10001:10001::/var/lib/kubepass:/sbin/nologin' >"$to/etc/passwd"
printf '%s\n' 'root:x:0:' 'kubepass:x:10001:' >"$to/etc/group"
printf 'hosts: files dns\n' >"$to/etc/nsswitch.conf"
