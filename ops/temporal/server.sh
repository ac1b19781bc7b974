#!/bin/sh
# Starts the roles of the Temporal server that TEMPORAL_SERVICES names. The server's own configuration template takes the
# password from the environment, so it is read from its file here and is in no image and no `docker inspect`.
set -eu

POSTGRES_PWD="$(cat "${POSTGRES_PASSWORD_FILE:?is not set}")"
export POSTGRES_PWD
# shellcheck disable=SC2086 # a command and its arguments
exec ${TEMPORAL_START:-/etc/temporal/entrypoint.sh}
