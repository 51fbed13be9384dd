-- Retention: events that a verified archive has may leave the database, and no others.
CREATE TABLE "AuditArchive" (
    "lastSeq" BIGINT NOT NULL CONSTRAINT "AuditArchive_pkey" PRIMARY KEY,
    "firstSeq" BIGINT NOT NULL,
    "file" TEXT COLLATE "C" NOT NULL,
    "sha256" BYTEA NOT NULL,
    "lastHash" BYTEA NOT NULL,
    "archivedAt" TIMESTAMP(3) NOT NULL
);
CREATE TABLE "TimelineRecord" (
    "requestId" BYTEA NOT NULL,
    "lastSeq" BIGINT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,
    "entries" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "TimelineRecord_pkey" PRIMARY KEY ("requestId", "lastSeq")
);

-- Whatever these triggers refuse concerns one step of a commit: they raise a broken constraint, and not a failure. All names
-- come with their schema, as before.
CREATE FUNCTION "AuditArchive_hash"(seq bigint) RETURNS bytea LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT substr("hashes", (32 * (seq - "firstSeq") + 1)::int, 32) FROM public."AuditRecord"
        WHERE "lastSeq" >= seq ORDER BY "lastSeq" LIMIT 1
$$;

-- The log itself tells of an archive, and that event is what makes its row. Whoever may add to the log needs no right here.
CREATE FUNCTION "AuditRecord_record_archive"() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    details json := NEW."events"::json -> 'details';
BEGIN
    INSERT INTO public."AuditArchive" ("lastSeq", "firstSeq", "file", "sha256", "lastHash", "archivedAt")
        VALUES ((details ->> 'to')::bigint, (details ->> 'from')::bigint, details ->> 'file',
            decode(details ->> 'sha256', 'hex'), public."AuditArchive_hash"((details ->> 'to')::bigint), NEW."at");
    RETURN NULL;
END
$$;
CREATE TRIGGER "AuditRecord_archive" AFTER INSERT ON "AuditRecord"
    FOR EACH ROW WHEN (NEW."requestId" IS NULL AND NEW."principal" IS NULL AND NEW."firstSeq" = NEW."lastSeq"
        AND NEW."events" LIKE '%,"principal":null,"type":"AuditEventsArchived"}')
    EXECUTE FUNCTION "AuditRecord_record_archive"();

-- An archive follows the one before it without a gap, ends with a complete tile of the Merkle tree, and lies behind a signed
-- checkpoint. All its tiles are kept, and so is the end of the log. The last event of the log tells of it.
CREATE FUNCTION "AuditArchive_follow"() RETURNS trigger LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
    last record;
    details json;
BEGIN
    SELECT "firstSeq", "lastSeq", "at", "events" INTO last FROM public."AuditRecord" ORDER BY "lastSeq" DESC LIMIT 1;
    IF last."events" LIKE '%,"principal":null,"type":"AuditEventsArchived"}' AND last."firstSeq" = last."lastSeq" THEN
        details := last."events"::json -> 'details';
    END IF;
    IF NOT COALESCE(
        NEW."firstSeq" = (SELECT COALESCE(MAX("lastSeq"), 0) + 1 FROM public."AuditArchive")
        AND NEW."lastSeq" >= NEW."firstSeq"
        AND NEW."lastSeq" % 256 = 0
        AND NEW."lastSeq" < last."lastSeq"
        AND NEW."file" = 'audit-' || lpad(NEW."firstSeq"::text, 12, '0') || '-' || lpad(NEW."lastSeq"::text, 12, '0') || '.ndjson'
        AND octet_length(NEW."sha256") = 32
        AND EXISTS (SELECT 1 FROM public."Checkpoint" WHERE "size" >= NEW."lastSeq")
        AND (SELECT COUNT(*) FROM public."AuditTile" WHERE "level" = 0
                AND "n" BETWEEN (NEW."firstSeq" - 1) / 256 AND NEW."lastSeq" / 256 - 1)
            = (NEW."lastSeq" - NEW."firstSeq" + 1) / 256
        AND NEW."lastHash" = public."AuditArchive_hash"(NEW."lastSeq")
        AND last."at" = NEW."archivedAt"
        AND (details ->> 'from')::bigint = NEW."firstSeq"
        AND (details ->> 'to')::bigint = NEW."lastSeq"
        AND details ->> 'file' = NEW."file"
        AND details ->> 'sha256' = encode(NEW."sha256", 'hex'), false) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'the audit log is append-only: this is no archive of it';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "AuditArchive_no_gap" BEFORE INSERT ON "AuditArchive"
    FOR EACH ROW EXECUTE FUNCTION "AuditArchive_follow"();
CREATE TRIGGER "AuditArchive_no_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditArchive"
    FOR EACH STATEMENT EXECUTE FUNCTION "AuditRecord_refuse"();

-- A record may go once an archive has all its events, and once the timeline of its request is kept.
CREATE FUNCTION "AuditRecord_keep"() RETURNS trigger LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
BEGIN
    IF OLD."lastSeq" > (SELECT COALESCE(MAX("lastSeq"), 0) FROM public."AuditArchive")
        OR (OLD."requestId" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public."TimelineRecord"
            WHERE "requestId" = OLD."requestId" AND "lastSeq" = OLD."lastSeq")) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'the audit log is append-only';
    END IF;
    RETURN OLD;
END
$$;
DROP TRIGGER "AuditRecord_no_change" ON "AuditRecord";
CREATE TRIGGER "AuditRecord_no_change" BEFORE UPDATE OR TRUNCATE ON "AuditRecord"
    FOR EACH STATEMENT EXECUTE FUNCTION "AuditRecord_refuse"();
CREATE TRIGGER "AuditRecord_no_delete" BEFORE DELETE ON "AuditRecord"
    FOR EACH ROW EXECUTE FUNCTION "AuditRecord_keep"();

-- The service has no right to delete from the log. This deletes for it whatever the trigger lets go.
CREATE FUNCTION "AuditRecord_prune"("after" bigint, "through" bigint) RETURNS void LANGUAGE sql VOLATILE
    SECURITY DEFINER SET search_path = pg_catalog AS $$
    DELETE FROM public."AuditRecord" WHERE "lastSeq" > "after" AND "lastSeq" <= "through"
$$;
REVOKE ALL ON FUNCTION "AuditRecord_prune"(bigint, bigint) FROM PUBLIC;

-- A timeline is kept of records that are archived and still here, and never changed.
CREATE FUNCTION "TimelineRecord_follow"() RETURNS trigger LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
BEGIN
    IF NEW."lastSeq" > (SELECT COALESCE(MAX("lastSeq"), 0) FROM public."AuditArchive")
        OR NOT EXISTS (SELECT 1 FROM public."AuditRecord"
            WHERE "lastSeq" = NEW."lastSeq" AND "requestId" = NEW."requestId") THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = 'the audit log is append-only: this is no timeline of it';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "TimelineRecord_of_record" BEFORE INSERT ON "TimelineRecord"
    FOR EACH ROW EXECUTE FUNCTION "TimelineRecord_follow"();
CREATE TRIGGER "TimelineRecord_no_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "TimelineRecord"
    FOR EACH STATEMENT EXECUTE FUNCTION "AuditRecord_refuse"();
