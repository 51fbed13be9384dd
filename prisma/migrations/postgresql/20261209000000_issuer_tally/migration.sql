-- How many certificates of a CA end within the same ten minutes on a cluster, and how many of these are revoked. So the live ones
-- of an issuer are counted, and listed, without an entry in an index for each of them.
CREATE TABLE "IssuerTally" (
    "issuerSha256" BYTEA NOT NULL,
    "cluster" TEXT COLLATE "C" NOT NULL,
    "notAfter" TIMESTAMP(3) NOT NULL,
    "certificates" INTEGER NOT NULL,
    "revoked" INTEGER NOT NULL,
    CONSTRAINT "IssuerTally_pkey" PRIMARY KEY ("issuerSha256", "cluster", "notAfter")
);
INSERT INTO "IssuerTally" ("issuerSha256", "cluster", "notAfter", "certificates", "revoked")
SELECT c."issuerSha256", c."cluster", date_bin('10 minutes', c."notAfter", 'epoch'::timestamp), COUNT(*), COUNT(v."certificateN")
FROM "CertificateRecord" AS c LEFT JOIN "Revocation" AS v ON v."certificateN" = c."n"
GROUP BY 1, 2, 3;
-- For all certificates, or revocations, of a statement at once.
CREATE FUNCTION "CertificateRecord_tally"() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public."IssuerTally" AS t ("issuerSha256", "cluster", "notAfter", "certificates", "revoked")
        SELECT a."issuerSha256", a."cluster", date_bin('10 minutes', a."notAfter", 'epoch'::timestamp), COUNT(*), 0
        FROM "added" AS a GROUP BY 1, 2, 3
        ON CONFLICT ("issuerSha256", "cluster", "notAfter") DO UPDATE
        SET "certificates" = t."certificates" + EXCLUDED."certificates";
    RETURN NULL;
END
$$;
CREATE TRIGGER "CertificateRecord_tally" AFTER INSERT ON "CertificateRecord" REFERENCING NEW TABLE AS "added"
    FOR EACH STATEMENT EXECUTE FUNCTION "CertificateRecord_tally"();
CREATE FUNCTION "Revocation_tally"() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    UPDATE public."IssuerTally" AS t SET "revoked" = t."revoked" + s."revoked" FROM (
        SELECT c."issuerSha256", c."cluster", date_bin('10 minutes', c."notAfter", 'epoch'::timestamp) AS "notAfter",
            COUNT(*) AS "revoked"
        FROM "added" AS a JOIN public."CertificateRecord" AS c ON c."n" = a."certificateN" GROUP BY 1, 2, 3) AS s
    WHERE t."issuerSha256" = s."issuerSha256" AND t."cluster" = s."cluster" AND t."notAfter" = s."notAfter";
    RETURN NULL;
END
$$;
CREATE TRIGGER "Revocation_tally" AFTER INSERT ON "Revocation" REFERENCING NEW TABLE AS "added"
    FOR EACH STATEMENT EXECUTE FUNCTION "Revocation_tally"();
