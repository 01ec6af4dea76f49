#!/bin/bash
# litmus on a file system that keeps no extended attributes.
exec "$(dirname "$0")/run.sh" --no-attributes
