#!/bin/bash
# davfs2 with locks.
exec "$(dirname "$0")/davfs2" locks
