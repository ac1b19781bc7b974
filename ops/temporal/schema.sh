#!/bin/sh
# Creates Temporal's two databases and brings their schemas to this server's version; run again, it changes nothing.
# The same script runs in docker-compose.yml and in scripts/topology.
#   SQL_HOST SQL_PORT SQL_USER   where PostgreSQL is
#   POSTGRES_PASSWORD_FILE       a file that holds the password
set -eu

: "${SQL_HOST:?is not set}" "${SQL_PORT:?is not set}" "${SQL_USER:?is not set}"
SQL_PLUGIN=postgres12
SQL_PASSWORD="$(cat "${POSTGRES_PASSWORD_FILE:?is not set}")"
export SQL_PLUGIN SQL_PASSWORD

# The tool holds the schemas of its own version. setup-schema makes the table of versions where there is none.
for pair in temporal:temporal temporal_visibility:visibility; do
  database="${pair%%:*}"
  temporal-sql-tool --database "$database" create-database
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-name "postgresql/v12/${pair##*:}"
done
echo "The schemas are up to date."
