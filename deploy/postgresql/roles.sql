-- Run this once as a superuser: psql -f roles.sql. Then give each role a password (\password kubepass_owner, \password
-- kubepass), or let them authenticate with a certificate.
--
-- kubepass_owner owns the tables and their triggers. It migrates (kubepass migrate --grant-to kubepass) and is used for
-- nothing else. The service runs as kubepass, which owns nothing. It can add to the audit log, but can neither change
-- events nor drop the triggers.
CREATE ROLE kubepass_owner LOGIN;
CREATE ROLE kubepass LOGIN;
CREATE DATABASE kubepass OWNER kubepass_owner TEMPLATE template0 ENCODING 'UTF8';
\connect kubepass
ALTER SCHEMA public OWNER TO kubepass_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE kubepass FROM PUBLIC;
GRANT CONNECT ON DATABASE kubepass TO kubepass;
