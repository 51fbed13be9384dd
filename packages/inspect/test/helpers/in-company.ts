import { inspectUpload } from '../../src/inspect.js';
import { UploadRefusedError } from '../../src/model/budget.js';
import type { InspectionContext } from '../../src/model/decoded.js';
import type { Inspection, Upload, UploadPart } from '../../src/model/inspection.js';
import { cleanPath } from '../../src/reading/paths.js';
import { encodePem } from '@kubepass/x509';
import { makeAuthority, makeCertificate } from '../../../x509/test/helpers/certificates.js';

const stranger = makeCertificate({ issuer: makeAuthority() });

/** Parts that have nothing to do with any upload of the corpus, each with the number of objects in it. */
export const strangers: readonly (UploadPart & { readonly objects: number })[] = [
  { name: 'strangers/cert.pem', bytes: Buffer.from(stranger.pem), objects: 1 },
  { name: 'strangers/both.pem', bytes: Buffer.from(stranger.pem + stranger.key.pem), objects: 2 },
  { name: 'strangers/spki.der', bytes: stranger.key.spki, objects: 1 },
  { name: 'strangers/note.txt', bytes: Buffer.from('nothing of interest'), objects: 1 },
  { name: 'strangers/dh.pem', bytes: Buffer.from(encodePem('DH PARAMETERS', Buffer.alloc(9))), objects: 1 },
];

/** An upload whose parts all have names, because a part without one has another path in company. */
export const withNames = ({ parts, password }: Upload): Upload => ({
  parts: parts.map(({ name, bytes }, i) => ({ name: cleanPath(name ?? '') ?? `nameless-part-${i}.bin`, bytes })),
  password,
});

/** The inspection, or why the upload is refused. */
export async function inspectionOf(upload: Upload, context: InspectionContext): Promise<Inspection | string> {
  try {
    return JSON.parse(JSON.stringify((await inspectUpload(upload, context)).inspection)) as Inspection;
  } catch (error) {
    if (error instanceof UploadRefusedError) return error.reason;
    throw error;
  }
}

/** Refusals of a whole upload, and a finding, that come sooner where there is more in the upload. */
const limits = ['TooLarge', 'TooManyObjects'];

/**
 * Inspects an upload with a stranger before or behind its parts. Answers what is said about the upload's own objects,
 * as it would be said without the stranger; null where the upload is at a limit.
 */
export async function inspectedInCompany(
  upload: Upload,
  stranger: (typeof strangers)[number],
  first: boolean,
  context: InspectionContext,
): Promise<Inspection | string | null> {
  const parts = first ? [stranger, ...upload.parts] : [...upload.parts, stranger];
  const together = await inspectionOf({ ...upload, parts }, context);
  if (typeof together === 'string') return limits.includes(together) ? null : together;
  const [from, to] = first ? [stranger.objects, undefined] : [0, -stranger.objects];
  const objects = together.objects.slice(from, to);
  const own = new Set(objects.map(({ path }) => path));
  const said: Inspection = {
    objects,
    relations: together.relations.filter((relation) => own.has(relation.from) || own.has(relation.to)),
    findings: together.findings.filter(({ object }) => own.has(object)),
  };
  // The only archive of an upload gives its files paths of their own.
  const [only, ...others] = upload.parts;
  return others.length > 0 || !objects.some(({ type }) => type === 'Archive')
    ? said
    : (JSON.parse(JSON.stringify(said).replaceAll(`${only?.name ?? ''}/`, '')) as Inspection);
}
