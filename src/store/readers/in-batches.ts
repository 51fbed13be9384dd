/** Databases bound how many values a statement may have. */
const batch = 500;

/** Reads what belongs to any of `keys`, some of them at a time. */
export async function inBatches<Row>(
  keys: readonly string[],
  read: (batch: string[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let start = 0; start < keys.length; start += batch) rows.push(...(await read(keys.slice(start, start + batch))));
  return rows;
}
