#!/bin/sh
# Makes the database and its two roles: one owns the tables and migrates, the other is the service's and owns nothing.
# The image of Postgres runs it once, on an empty volume; elsewhere run it with PGHOST, PGUSER, PGPASSWORD and the rest set,
# as a role that may create roles and databases. The two roles' passwords come from the files that it names.
set -eu
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --dbname "${PGDATABASE:-postgres}" \
  --username "${PGUSER:-${POSTGRES_USER:-postgres}}" \
  -v owner="$(cat "${OWNER_PASSWORD_FILE:-/run/secrets/owner_password}")" \
  -v service="$(cat "${SERVICE_PASSWORD_FILE:-/run/secrets/service_password}")" <<'SQL'
CREATE ROLE gatehouse_owner LOGIN PASSWORD :'owner';
CREATE ROLE gatehouse LOGIN PASSWORD :'service';
CREATE DATABASE gatehouse OWNER gatehouse_owner;
\connect gatehouse
REVOKE ALL ON DATABASE gatehouse FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO gatehouse_owner;
GRANT CONNECT ON DATABASE gatehouse TO gatehouse;
SQL
