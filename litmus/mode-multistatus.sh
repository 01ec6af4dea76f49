#!/bin/bash
# litmus in heartbeat mode multistatus, with a beat every 0.05 s, over a slow disk.
exec "$(dirname "$0")/run.sh" --mode multistatus
