import type { DecodedObject, InspectionContext } from '../decoded.js';

/**
 * Looks the certificates up in our inventory, all at once, and puts in what is found: `relate` then says for which
 * request each was issued. Objects of which nothing is found are the same as before.
 */
export async function fillInventory(
  objects: readonly DecodedObject[],
  { inventory }: Pick<InspectionContext, 'inventory'>,
): Promise<readonly DecodedObject[]> {
  const fingerprints = new Set<string>();
  for (const { content } of objects) if (content.type === 'Certificate') fingerprints.add(content.fingerprintSha256);
  if (fingerprints.size === 0) return objects;
  const entries = await inventory([...fingerprints]);
  if (entries.size === 0) return objects;
  return objects.map((object) => {
    const { content } = object;
    const entry = content.type === 'Certificate' ? entries.get(content.fingerprintSha256) : undefined;
    return content.type !== 'Certificate' || entry === undefined
      ? object
      : { ...object, content: { ...content, inventory: entry } };
  });
}
