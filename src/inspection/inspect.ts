import type { Inspection, InspectionFormat, Upload } from '../model/inspection.js';
import type { Budget, DecodedObject, InspectionContext } from './decoded.js';
import { findAll } from './findings/find-all.js';
import { openBudget } from './reading/budget.js';
import { readSingleObject } from './reading/read-single-object.js';
import { readUpload } from './reading/read-upload.js';
import { fillInventory } from './relations/fill-inventory.js';
import { relate } from './relations/relate.js';
import type { PrintableTrees } from './report/openssl-text.js';
import { reportHtml } from './report/report-html.js';
import { reportText } from './report/report-text.js';

/**
 * Inspects an upload and answers in that media type: its objects, their contents and the findings about them. Throws
 * `UploadRefusedError` where the upload goes past a limit.
 */
export async function inspect(upload: Upload, context: InspectionContext, format: InspectionFormat): Promise<string> {
  const budget = openBudget();
  const { now } = context;
  return answer(await readUpload(upload, { now, password: upload.password, budget }), context, budget, format);
}

/** The same for an upload of one small object, which takes hardly any time; null for any other upload. */
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
  const objects = await fillInventory(found, context);
  const relations = relate(objects, context, budget);
  const inspection: Inspection = {
    objects: objects.map(({ path, content }) => ({ path, ...content })),
    relations: relations.list,
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

/** Certificates and requests by path: a report shows them as OpenSSL prints them. */
function treesOf(objects: readonly DecodedObject[]): PrintableTrees {
  return new Map(
    objects.flatMap(({ path, material }) =>
      material?.kind === 'certificate' || material?.kind === 'request' ? [[path, material.tree] as const] : [],
    ),
  );
}
