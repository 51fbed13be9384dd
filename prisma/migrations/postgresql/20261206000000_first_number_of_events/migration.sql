-- As before, and answers the number of the first event, so that the service knows the place of each in the tree over the log.
DROP FUNCTION "AuditRecord_append"(text[], text[]);
CREATE FUNCTION "AuditRecord_append"(records text[], lines text[]) RETURNS bigint LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog AS $$
DECLARE
    last_seq bigint;
    last_hash bytea;
    next text[];
    line int := 0;
    answer bigint;
    first_seq bigint;
    previous_hash bytea;
    all_hashes bytea;
    all_events text;
BEGIN
    SELECT "lastSeq", substr("hashes", octet_length("hashes") - 31) INTO last_seq, last_hash
        FROM public."AuditRecord" ORDER BY "lastSeq" DESC LIMIT 1;
    IF NOT FOUND THEN
        last_seq := 0;
        last_hash := decode(repeat('00', 32), 'hex');
    END IF;
    answer := last_seq + 1;
    FOREACH next SLICE 1 IN ARRAY records LOOP
        first_seq := last_seq + 1;
        previous_hash := last_hash;
        all_hashes := '';
        all_events := NULL;
        FOR i IN line + 1 .. line + next[10]::int LOOP
            last_seq := last_seq + 1;
            last_hash := sha256(convert_to(concat(encode(last_hash, 'hex'), next[7], lines[i][1], next[8], lines[i][2],
                next[9], last_seq, ',"type":"', lines[i][3], '"}'), 'UTF8'));
            all_hashes := all_hashes || last_hash;
            all_events := concat(all_events || E'\n', '{"details":', lines[i][1], ',"principal":', lines[i][2],
                ',"type":"', lines[i][3], '"}');
        END LOOP;
        line := line + next[10]::int;
        INSERT INTO public."AuditRecord" ("lastSeq", "firstSeq", "at", "types", "principal", "cluster", "requestId",
                "fingerprintSha256", "events", "previousHash", "hashes")
            VALUES (last_seq, first_seq, next[1]::timestamp(3), next[2]::bigint, next[3], next[4], next[5]::bytea,
                next[6]::bytea, all_events, previous_hash, all_hashes);
    END LOOP;
    RETURN answer;
END
$$;
