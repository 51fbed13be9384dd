-- Once, as a superuser: psql -f roles.sql. Then give both roles a password each (\password kubepass_owner, \password
-- kubepass), or let them in by a certificate.
--
-- kubepass_owner owns the tables and their triggers; it migrates (npm run migrate -- --grant-to kubepass) and is used for
-- nothing else. kubepass is what the service runs as: it owns nothing, adds to the audit log, and can neither change what
-- is in it nor take its triggers away.
CREATE ROLE kubepass_owner LOGIN;
CREATE ROLE kubepass LOGIN;
CREATE DATABASE kubepass OWNER kubepass_owner TEMPLATE template0 ENCODING 'UTF8';
\connect kubepass
ALTER SCHEMA public OWNER TO kubepass_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE kubepass FROM PUBLIC;
GRANT CONNECT ON DATABASE kubepass TO kubepass;
