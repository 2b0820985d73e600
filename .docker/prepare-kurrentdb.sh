#!/bin/sh
# Makes the service account, outside $admins, and says who may read and write: libs/event-store/kurrentdb/README.md.
# Doing it again changes nothing. Passwords are given to curl as files, so that no list of processes shows them.
set -eu
umask 077
server=${1:?the address of the server, https://…}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
service=$(cut -d: -f2- /run/secrets/event_store_credentials)
printf 'user = "admin:%s"\ncacert = "/certs/trusted/ca.crt"\n' "$(cat /run/secrets/kurrentdb_admin_password)" > "$work/admin"
ask() { curl --silent --show-error --config "$work/admin" "$@"; }

printf '{"loginName":"qadaga","fullName":"Qadaga","password":"%s","groups":["qadaga"]}' "$service" > "$work/user"
status=$(ask --output /dev/null --write-out '%{http_code}' -H 'Content-Type: application/json' --data-binary "@$work/user" "$server/users/")
# 409: it is there already.
case $status in 201|409) ;; *) echo "the account could not be made: $status" >&2; exit 1 ;; esac

write() {
  stream=$1; type=$2; id=$3; body=$4
  printf '%s' "$body" | ask --fail --output /dev/null -H 'Content-Type: application/json' -H "ES-EventType: $type" \
    -H "ES-EventId: $id" --data-binary @- "$server/streams/$stream"
}
# The ids are fixed, so that the server knows a repeat.
write '%24%24%24all' '$metadata' 7d0a1a58-53b5-4b0e-9a3c-0c9a3d1b6f01 \
  '{"$acl":{"$r":["$admins","qadaga"],"$w":"$admins","$d":"$admins","$mr":"$admins","$mw":"$admins"}}'
write '%24settings' 'update-default-acl' 7d0a1a58-53b5-4b0e-9a3c-0c9a3d1b6f02 \
  '{"$userStreamAcl":{"$r":"qadaga","$w":"qadaga","$d":"$admins","$mr":"$admins","$mw":"$admins"},"$systemStreamAcl":{"$r":"$admins","$w":"$admins","$d":"$admins","$mr":"$admins","$mw":"$admins"}}'
echo 'the service account is there, outside $admins'
