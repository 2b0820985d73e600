#!/bin/sh
# Runs in the vendor's image of es-gencert-cli: one authority, and a certificate for each server that speaks TLS inside.
set -eu
cd /certs
if [ ! -f ca/ca.crt ]; then es-gencert-cli create-ca -out ./ca; fi
make() {
  name=$1; owner=$2; shift 2
  if [ ! -f "$name/node.crt" ]; then
    es-gencert-cli create-node -ca-certificate ./ca/ca.crt -ca-key ./ca/ca.key -out "./$name" "$@"
  fi
  chown -R "$owner" "$name"
  chmod 700 "$name"; chmod 600 "$name"/*
}
# The accounts are those of the vendors' images: 1000 runs KurrentDB, 999 PostgreSQL.
make kurrentdb 1000:1000 -dns-names kurrentdb,localhost -ip-addresses 127.0.0.1
for n in 1 2 3; do make "kurrentdb$n" 1000:1000 -dns-names "kurrentdb$n,localhost" -ip-addresses 127.0.0.1; done
make postgres 999:999 -dns-names postgres,localhost -ip-addresses 127.0.0.1
# Everybody may know the authority; its key makes other certificates and is for this job only.
mkdir -p trusted && cp ca/ca.crt trusted/ca.crt
chmod 755 . trusted; chmod 644 trusted/ca.crt; chmod 700 ca
