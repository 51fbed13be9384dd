import { labelText, type Label, type Labels } from '../../model/certificate-request.js';
import { uuidOctets } from '../steps/octets.js';
import type { Statement } from '../steps/statement.js';
import type { ListFilter } from '../lists/list-filter.js';

/** The labels as the request's own row has them. Null where there are none, so that they take no place in it. */
export const labelsColumn = (labels: Labels): string | null =>
  Object.keys(labels).length === 0 ? null : JSON.stringify(labels);

export const labelsInColumn = (column: string | null): Labels =>
  column === null ? {} : (JSON.parse(column) as Labels);

/** One row for each label, so that requests are found by label on an index. The request's own row comes before. */
export const insertLabels = (labels: Labels, requestId: string): readonly Statement[] =>
  Object.entries(labels).map(([key, value]) => insertLabel(labelText({ key, value }), requestId));

function insertLabel(label: string, requestId: string): Statement {
  const id = uuidOctets(requestId);
  return {
    sql: `INSERT INTO "RequestLabel" ("label", "requestN") SELECT ?, "n" FROM "RequestRecord" WHERE "id" = ?`,
    parameters: [label, id],
    many: {
      sql: `INSERT INTO "RequestLabel" ("label", "requestN")
        SELECT "e" ->> 'label', "q"."n" FROM json_array_elements(?::json) AS "e",
          json_populate_record(NULL::"RequestRecord", "e" -> 'request') AS "f"
          JOIN "RequestRecord" AS "q" ON "q"."id" = "f"."id"`,
      row: { columns: { label }, parts: { request: { id } } },
    },
  };
}

/** The filters on labels. Two values of one key contradict each other. */
export const onLabels = (labels: readonly Label[]): readonly ListFilter[] =>
  labels.some(({ key, value }) => labels.some((other) => other.key === key && other.value !== value))
    ? [[]]
    : labels.map((label) => [{ column: 'label', value: labelText(label), through: throughLabels }]);

const throughLabels = { table: 'RequestLabel', columns: { n: 'requestN' } };
