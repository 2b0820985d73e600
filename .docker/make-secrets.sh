#!/bin/sh
# Makes every secret of docker-compose.yml that is not there yet, at random, under secrets/. None is ever overwritten.
# Containers of several accounts read them, so the files are readable and the folder is closed instead.
set -eu
cd "$(dirname "$0")/.."
mkdir -p secrets
chmod 700 secrets
random() { openssl rand -hex 24; }
keep() { # keep NAME TEXT
  if [ ! -e "secrets/$1" ]; then (umask 022; printf '%s' "$2" > "secrets/$1"); echo "made secrets/$1"; fi
}
keep postgres_owner_password "$(random)"
keep postgres_app_password "$(random)"
keep redis_password "$(random)"
keep kurrentdb_admin_password "$(random)"
keep kurrentdb_ops_password "$(random)"
keep keycloak_admin_password "$(random)"
keep metrics_token "$(random)"
keep event_store_admin "admin:$(cat secrets/kurrentdb_admin_password)"
keep event_store_credentials "qadaga:$(random)"
# A mail server of your own goes in here: smtps://user:password@host
keep smtp_url "smtp://mail:1025"
at='postgres:5432/qadaga?sslmode=verify-full&sslrootcert=/certs/trusted/ca.crt'
keep database_owner_url "postgres://qadaga_owner:$(cat secrets/postgres_owner_password)@$at"
keep database_url "postgres://qadaga_app:$(cat secrets/postgres_app_password)@$at"
keep redis_url "redis://:$(cat secrets/redis_password)@redis:6379"
keep redis_conf "$(printf 'requirepass %s\nappendonly yes\nmaxmemory-policy noeviction\ndir /data\n' "$(cat secrets/redis_password)")"
echo "The master key is made at the first start, in the volume home (secrets/master.key): keep a copy where the backups are not."
