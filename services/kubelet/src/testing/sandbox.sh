#!/bin/sh
# Makes the network of a one-node lab in a sandbox that was just unshared, and runs a program in it.
#   sandbox.sh PROGRAM ARGUMENT...
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
ip -batch - <<BATCH
link set lo up
netns add node-1
link add fabric0 type veth peer name eth0 netns node-1
addr add 172.31.0.1/24 dev fabric0
link set fabric0 up
route add 10.244.1.0/24 via 172.31.0.11
BATCH
nsenter --net=/run/netns/node-1 sh -c 'ip -batch -; echo 1 >/proc/sys/net/ipv4/ip_forward' <<BATCH
link set lo up
addr add 172.31.0.11/24 dev eth0
link set eth0 up
route add default via 172.31.0.1
addr add 10.244.1.1/32 dev lo
route add unreachable 10.244.1.0/24 metric 4000
BATCH
exec "$@"
