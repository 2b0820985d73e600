#!/bin/sh
# Secrets arrive as files; the configuration is read from the environment.
set -eu
for name in QADAGA_DATABASE_URL QADAGA_DATABASE_OWNER_URL QADAGA_REDIS_URL QADAGA_ENERGY_BODY_TOKEN; do
  file="/run/secrets/$(echo "$name" | sed 's/^QADAGA_//' | tr '[:upper:]' '[:lower:]')"
  [ -f "$file" ] && export "$name=$(cat "$file")"
done
exec "$@"
