#!/bin/bash
# litmus in one of two shares.
exec "$(dirname "$0")/run.sh" --share
