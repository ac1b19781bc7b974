#!/bin/sh
# Makes the passwords that docker-compose.yml mounts, each only where there is none yet: sh ops/make-secrets.sh [FOLDER]
# Containers run as users that are nobody on this machine, so the files are readable; their folder is not.
set -eu
umask 077
folder="${1:-$(dirname "$0")/../.secrets}"
mkdir -p "$folder"
chmod 700 "$folder"
for name in postgres_password element_password grafana_admin_password; do
  file="$folder/$name"
  [ -s "$file" ] && continue
  # 32 random bytes; letters and digits only, whatever parses them.
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > "$file.new"
  chmod 444 "$file.new"
  mv "$file.new" "$file"
  echo "made $file"
done
