#!/bin/bash
# litmus over plain HTTP.
exec "$(dirname "$0")/run.sh"
