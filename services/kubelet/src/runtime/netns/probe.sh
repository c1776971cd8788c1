#!/bin/sh
# Tries, in a mount namespace that ends with it, how each top-level directory of the node can be
# given to a container. Prints one line a directory: "overlay NAME", "bind NAME" or "empty NAME".
#   probe.sh DIRECTORY NAME...
# Inside a user namespace overlay refuses a directory with mounts below it (they are locked), and a
# container engine may allow no overlay at all; only trying tells.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
dir=$1
shift
mount -t tmpfs -o mode=755 tmpfs "$dir" || exit 1
cd "$dir" || exit 1
for name; do
  mkdir -p "$name/upper" "$name/scratch" "$name/root"
  layers="lowerdir=/$name,upperdir=$dir/$name/upper,workdir=$dir/$name/scratch,userxattr"
  if ! ls "/$name" >/dev/null 2>&1; then
    echo "empty $name"
  elif mount -t overlay -o "$layers" overlay "$name/root" 2>/dev/null; then
    echo "overlay $name"
  else
    echo "bind $name"
  fi
done
