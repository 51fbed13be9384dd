-- serves: 20261210000000_sessions_of_tokens
-- The usernames that each record of the audit log is about: that of its request; without a request, those in the details. Triggers
-- keep the table, so records of an older version that serves this schema are in it, too. Whoever may add to the log needs no right
-- on it.
CREATE TABLE "AuditSubject" (
    "username" TEXT COLLATE "C" NOT NULL,
    "lastSeq" BIGINT NOT NULL,
    CONSTRAINT "AuditSubject_pkey" PRIMARY KEY ("username", "lastSeq")
);

-- No name is longer than that of a principal. A damaged line has no names.
CREATE FUNCTION "AuditRecord_subjects"("request" bytea, "lines" text) RETURNS SETOF text LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog AS $$
DECLARE
    line text;
    details json;
BEGIN
    IF "request" IS NOT NULL THEN
        RETURN QUERY SELECT "username" FROM public."RequestRecord" WHERE "id" = "request";
        RETURN;
    END IF;
    FOREACH line IN ARRAY string_to_array("lines", E'\n') LOOP
        BEGIN
            details := line::json -> 'details';
            RETURN QUERY SELECT n."name" FROM (
                SELECT details ->> 'username' AS "name" WHERE json_typeof(details -> 'username') = 'string'
                UNION ALL
                SELECT m."name" #>> '{}' FROM (VALUES (details -> 'added'), (details -> 'removed')) AS l("names")
                    CROSS JOIN LATERAL json_array_elements(
                        CASE WHEN json_typeof(l."names") = 'array' THEN l."names" ELSE '[]' END) AS m("name")
                WHERE json_typeof(m."name") = 'string'
            ) AS n WHERE char_length(n."name") BETWEEN 1 AND 253;
        EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
            NULL;
        END;
    END LOOP;
END
$$;

INSERT INTO "AuditSubject" ("username", "lastSeq")
SELECT s."username", a."lastSeq"
FROM "AuditRecord" AS a CROSS JOIN LATERAL "AuditRecord_subjects"(a."requestId", a."events") AS s("username")
ON CONFLICT DO NOTHING;

CREATE FUNCTION "AuditRecord_record_subjects"() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public."AuditSubject" ("username", "lastSeq")
        SELECT "username", NEW."lastSeq" FROM public."AuditRecord_subjects"(NEW."requestId", NEW."events") AS s("username")
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER "AuditRecord_subject" AFTER INSERT ON "AuditRecord"
    FOR EACH ROW EXECUTE FUNCTION "AuditRecord_record_subjects"();

-- The names go with their record.
CREATE FUNCTION "AuditRecord_remove_subjects"() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM public."AuditSubject" WHERE "lastSeq" = OLD."lastSeq"
        AND "username" IN (SELECT public."AuditRecord_subjects"(OLD."requestId", OLD."events"));
    RETURN NULL;
END
$$;
CREATE TRIGGER "AuditRecord_no_subject" AFTER DELETE ON "AuditRecord"
    FOR EACH ROW EXECUTE FUNCTION "AuditRecord_remove_subjects"();
CREATE FUNCTION "AuditSubject_keep"() RETURNS trigger LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM public."AuditRecord" WHERE "lastSeq" = OLD."lastSeq") THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'the audit log is append-only';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER "AuditSubject_no_change" BEFORE UPDATE OR TRUNCATE ON "AuditSubject"
    FOR EACH STATEMENT EXECUTE FUNCTION "AuditRecord_refuse"();
CREATE TRIGGER "AuditSubject_no_delete" BEFORE DELETE ON "AuditSubject"
    FOR EACH ROW EXECUTE FUNCTION "AuditSubject_keep"();
