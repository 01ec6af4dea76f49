#!/bin/sh
# Mounts dav://... and runs one gio command, all inside the session bus that runs this.
#
#   gio.sh BASE COMMAND ARGUMENT...
base=$1
shift
gio mount "$base" </dev/null || {
    echo "cannot mount $base"
    exit 1
}
gio "$@"
status=$?
gio mount -u "$base"
exit "$status"
