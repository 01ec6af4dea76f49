#!/bin/bash
# litmus over TLS.
exec "$(dirname "$0")/run.sh" --tls
