#!/bin/sh
# Makes a pod's sandbox and stays as its pause process: it holds the network and UTS namespaces.
#   sandbox.sh DIRECTORY NETNS HOSTNAME
# DIRECTORY (written by the kubelet) holds node.ip and pod.ip, the `ip -batch` commands for either
# side; with NETNS "-" the pod shares the node's network. Writes: error, started.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
dir=$1 netns=$2 hostname=$3
exec 3>"$dir/started" 5>"$dir/error"

pause='
dir=$1 hostname=$2
if [ -e "$dir/pod.ip" ]; then ip -batch "$dir/pod.ip" 2>&5 || exit 1; fi
hostname "$hostname" 2>&5 || exit 1
read -r stat </proc/$$/stat
echo "$stat" >&3
exec sleep infinity 3>&- 5>&-'

if [ "$netns" = - ]; then
  exec unshare --uts /bin/sh -c "$pause" sh "$dir" "$hostname" 2>&5
fi
ip -batch "$dir/node.ip" 2>&5 || exit 1
exec nsenter --net="/run/netns/$netns" \
  unshare --uts /bin/sh -c "$pause" sh "$dir" "$hostname" 2>&5
