#!/bin/sh
# Runs once, when PostgreSQL makes its data folder: the application's user, who is not the owner of anything.
set -eu
psql -v ON_ERROR_STOP=1 -U qadaga_owner -d qadaga -v password="$(cat /run/secrets/postgres_app_password)" <<'SQL'
create role qadaga_app login password :'password';
grant connect on database qadaga to qadaga_app;
SQL
