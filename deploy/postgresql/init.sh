#!/bin/sh
# Makes the roles at the container's first start (docker-entrypoint-initdb.d), with passwords from its environment.
set -eu
psql --no-psqlrc -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -f /roles.sql
# psql reads the passwords from the environment, so that no command line has them.
psql --no-psqlrc -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" <<'SQL'
\set owner_password `echo "$KUBEPASS_OWNER_PASSWORD"`
\set service_password `echo "$KUBEPASS_SERVICE_PASSWORD"`
ALTER ROLE kubepass_owner PASSWORD :'owner_password';
ALTER ROLE kubepass PASSWORD :'service_password';
SQL
