#!/bin/sh
# Makes what compose.yaml reads from deploy/secrets: one file a secret. What is there already is kept, so running it again
# is harmless, and a single secret is made anew by removing its file first. Needs openssl.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
chmod 0700 secrets

# The folder is closed to others. The files are not: containers read them under accounts of their own.
keep() {
  if [ -s "secrets/$1" ]; then
    cat >/dev/null
    return
  fi
  cat >"secrets/$1.new"
  chmod 0444 "secrets/$1.new"
  mv "secrets/$1.new" "secrets/$1"
  echo "made deploy/secrets/$1"
}
text() { cat "secrets/$1"; }

openssl rand -base64 48 | tr -d '\n' | keep jwt_secret
openssl rand -base64 48 | tr -d '\n' | keep refresh_secret
openssl rand -base64 18 | tr -d '\n' | keep admin_password
openssl rand -base64 18 | tr -d '\n' | keep grafana_password
# Hexadecimal: these stand in addresses, where other characters would have to be encoded.
openssl rand -hex 24 | tr -d '\n' | keep postgres_password
openssl rand -hex 24 | tr -d '\n' | keep owner_password
openssl rand -hex 24 | tr -d '\n' | keep service_password
openssl rand -hex 24 | tr -d '\n' | keep redis_password
printf 'postgres://gatehouse_owner:%s@postgres:5432/gatehouse' "$(text owner_password)" | keep migrate_database_url
printf 'postgres://gatehouse:%s@postgres:5432/gatehouse' "$(text service_password)" | keep database_url
printf 'redis://default:%s@redis:6379/0' "$(text redis_password)" | keep redis_url
# Counters of a minute: nothing of them is kept on a disk.
printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory 128mb\nmaxmemory-policy volatile-ttl\n' "$(text redis_password)" |
  keep redis_conf

# For trying it out. Put the real pair of your name here: a chain in tls.crt, its key in tls.key.
if [ ! -s secrets/tls.crt ] || [ ! -s secrets/tls.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout secrets/tls.key -out secrets/tls.crt 2>/dev/null
  chmod 0444 secrets/tls.key secrets/tls.crt
  echo 'made deploy/secrets/tls.crt and tls.key, signed by themselves'
fi
