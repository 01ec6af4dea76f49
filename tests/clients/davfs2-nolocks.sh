#!/bin/bash
# davfs2 without locks.
exec "$(dirname "$0")/davfs2" nolocks
