import type { Inspection, InspectionFormat, Upload } from '../model/inspection.js';
import type { Budget, DecodedObject, InspectionContext } from './decoded.js';
import { findAll } from './findings/find-all.js';
import { observePrimeModuli } from './keys/prime-moduli.js';
import { openBudget } from './reading/budget.js';
import { readSingleObject, readUpload } from './reading/read-upload.js';
import { listRelations } from './relations/list-relations.js';
import { Relations } from './relations/relations.js';
import type { PrintableTrees } from './report/openssl-text.js';
import { reportHtml } from './report/report-html.js';
import { reportText } from './report/report-text.js';

/**
 * Inspects an upload: reads it, relates its objects, finds problems, and reports in the media type. Throws
 * `UploadRefusedError` where the upload exceeds a limit.
 */
export async function inspect(upload: Upload, context: InspectionContext, format: InspectionFormat): Promise<string> {
  const budget = openBudget();
  const { now } = context;
  return answer(await readUpload(upload, { now, password: upload.password, budget }), context, budget, format);
}

/** Inspects an upload that is one small object, which is quick; null for any other upload. */
export function inspectSingleObject(
  upload: Upload,
  context: InspectionContext,
  format: InspectionFormat,
): Promise<string> | null {
  const [part, ...others] = upload.parts;
  if (part === undefined || others.length > 0) return null;
  const budget = openBudget();
  const object = readSingleObject(part, { now: context.now, password: upload.password, budget });
  return object && answer([object], context, budget, format);
}

async function answer(
  found: readonly DecodedObject[],
  context: InspectionContext,
  budget: Budget,
  format: InspectionFormat,
): Promise<string> {
  const objects = await fillInventory(await observePrimeModuli(found, budget), context);
  const relations = new Relations(objects, context.clusters, budget);
  const inspection: Inspection = {
    objects: objects.map(({ path, content }) => ({ path, ...content })),
    relations: listRelations(relations),
    findings: findAll(objects, relations, context),
  };
  switch (format) {
    case 'application/json':
      return JSON.stringify(inspection);
    case 'text/plain':
      return reportText(inspection, treesOf(objects), context.now);
    case 'text/html':
      return reportHtml(inspection, treesOf(objects), context.now);
  }
}

/**
 * Looks up all certificates in our inventory at once, and puts in what is found. Objects without a record stay as they
 * are.
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

/** Certificates and requests by path: a report shows them as OpenSSL prints them. */
function treesOf(objects: readonly DecodedObject[]): PrintableTrees {
  return new Map(
    objects.flatMap(({ path, material }) =>
      material?.kind === 'certificate' || material?.kind === 'request' ? [[path, material.tree] as const] : [],
    ),
  );
}
