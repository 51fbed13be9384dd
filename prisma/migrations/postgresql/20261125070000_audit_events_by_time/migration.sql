-- Between which instants each full thousand of audit events lies: a list by time begins and ends there.
CREATE TABLE "AuditEventRange" (
    "firstSeq" BIGINT NOT NULL,
    "lastSeq" BIGINT NOT NULL CONSTRAINT "AuditEventRange_pkey" PRIMARY KEY,
    "earliest" TIMESTAMP(3) NOT NULL,
    "latest" TIMESTAMP(3) NOT NULL
);
INSERT INTO "AuditEventRange" ("firstSeq", "lastSeq", "earliest", "latest")
    SELECT MIN("seq"), MAX("seq"), MIN("at"), MAX("at") FROM "AuditEvent"
    WHERE ("seq" - 1) / 1000 < (SELECT MAX("seq") / 1000 FROM "AuditEvent")
    GROUP BY ("seq" - 1) / 1000;

-- With the rights of whoever owns the tables: nobody who may add to the log needs a right to add here.
CREATE FUNCTION "AuditEvent_record_range"() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    -- With its schema: a temporary table of that name must not stand in for it.
    INSERT INTO public."AuditEventRange" ("firstSeq", "lastSeq", "earliest", "latest")
        SELECT MIN("seq"), MAX("seq"), MIN("at"), MAX("at") FROM public."AuditEvent"
        WHERE "seq" BETWEEN NEW."seq" - 999 AND NEW."seq";
    RETURN NULL;
END
$$;
CREATE TRIGGER "AuditEvent_range" AFTER INSERT ON "AuditEvent"
    FOR EACH ROW WHEN (NEW."seq" % 1000 = 0) EXECUTE FUNCTION "AuditEvent_record_range"();
CREATE TRIGGER "AuditEventRange_no_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditEventRange"
    FOR EACH STATEMENT EXECUTE FUNCTION "AuditEvent_refuse"();
