#!/bin/sh
# Starts one container and stays as its parent. Runs in the pod's network and UTS namespaces and in
# a mount namespace of its own, which it fills with a root file system and enters.
#   container.sh DIRECTORY
# DIRECTORY (written by the kubelet) holds: skeleton/ (what the root starts with), fstab (what is
# mounted over it), command (sets path, workdir, size, stdin and the positional parameters).
# If it is to have input it makes stdin there, a named pipe, and stdin-holder, /proc/PID/stat of the
# process that keeps the pipe open while no client writes to it.
# It writes: error (why it could not start), started (/proc/PID/stat of the program), exited (its
# exit code). It knows nothing of the kubelet, so a kubelet that dies takes no container with it.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
dir=$1
exec 3>"$dir/started" 4>"$dir/exited" 5>"$dir/error"

fail() {
  echo "$1" >&5
  echo 128 >&4
  exit 1
}

. "$dir/command"
if [ -n "$stdin" ]; then
  error=$(mkfifo -m 600 "$dir/stdin" 2>&1) || fail "$error"
  # Opened for both first: opening one end alone would wait for the other. The program gets the
  # reading end alone, so that it sees the end of its input when the holder and the client are gone.
  exec 8<>"$dir/stdin"
  exec <"$dir/stdin"
  /bin/sh -c 'read -r stat </proc/$$/stat; echo "$stat" >"$1"; exec sleep infinity' \
    sh "$dir/stdin-holder" >/dev/null 2>&1 3>&- 4>&- 5>&- &
  exec 8>&-
fi
error=$(mount -t tmpfs -o "size=$size,mode=755" tmpfs "$dir/fs" 2>&1) || fail "$error"
error=$(cp -R -P --preserve=mode,timestamps "$dir/skeleton/." "$dir/fs" 2>&1) || fail "$error"
error=$(mount -a -T "$dir/fstab" 2>&1) || fail "$error"
cd "$dir/fs/root" || fail "cannot enter $dir/fs/root"
error=$(pivot_root . .old 2>&1) || fail "pivot_root: $error"
cd / && umount -l /.old && rmdir /.old || fail "cannot leave the node's file system"

mkdir -p "$workdir" 2>/dev/null
cd "$workdir" 2>/dev/null ||
  fail "chdir to workingDir \"$workdir\": no such directory and it cannot be made"
for program; do
  case $program in env | -i) continue ;; *=*) continue ;; *) break ;; esac
done
(PATH=$path && command -v -- "$program" >/dev/null) ||
  fail "exec: \"$program\": executable file not found in \$PATH"

# The inner shell writes its own /proc entry (its start time makes the pid unmistakable) and turns
# into the program; it runs in the foreground, because a shell starts background jobs with SIGINT
# and SIGQUIT ignored. What this shell has to say of its end ("Terminated") is not for the log.
exec 6>&2 2>/dev/null
/bin/sh -c 'read -r stat </proc/$$/stat; echo "$stat" >&3; exec "$@" 2>&6 3>&- 4>&- 5>&- 6>&-' sh "$@"
echo $? >&4

# What the program left running in its process group ends with it, this shell included.
kill -KILL 0
