-- Nobody asks for the groups of a certificate: its own row has them.
DROP INDEX "CertificateGroup_fingerprintSha256_name_idx";
