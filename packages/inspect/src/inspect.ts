import { DerReader, PrimalityTests, primeModulus, type TestedFor } from '@kubepass/x509';
import { type PublicKeyTree, readPublicKeyTree, rsaMagnitudes } from '@kubepass/x509/tree';
import { readOrNull } from './der/recognise.js';
import { findAll } from './findings/find-all.js';
import type { DecodedObject, InspectionContext, Material, Observation } from './model/decoded.js';
import type { Inspection, InspectionFormat, Upload } from './model/inspection.js';
import { type Budget, openBudget } from './model/budget.js';
import { uninspected } from './reading/decode-der.js';
import { pathStem } from './reading/paths.js';
import { readSingleObject, readUpload } from './reading/read-upload.js';
import { listRelations } from './relations/list-relations.js';
import { Relations } from './relations/relations.js';
import type { PrintableTrees } from './report/openssl-text.js';
import { reportHtml } from './report/report-html.js';
import { reportSarif } from './report/report-sarif.js';
import { reportText } from './report/report-text.js';

/** An inspection, and the decoded objects that its reports print. */
export interface Inspected {
  readonly inspection: Inspection;
  readonly objects: readonly DecodedObject[];
}

/**
 * Inspects an upload: reads it, relates its objects, finds problems, and reports in the media type. Throws
 * `UploadRefusedError` where the upload exceeds a limit. `caller`: for whom RSA moduli are tested, on other threads.
 */
export async function inspect(
  upload: Upload,
  context: InspectionContext,
  format: InspectionFormat,
  caller?: TestedFor,
): Promise<string> {
  return renderInspection(await inspectUpload(upload, context, caller), context.now, format);
}

/** Throws `UploadRefusedError` where the upload exceeds a limit. */
export async function inspectUpload(
  upload: Upload,
  context: InspectionContext,
  caller?: TestedFor,
): Promise<Inspected> {
  const budget = openBudget();
  return relateAndCheck(await readObjects(upload, context, budget, caller), context, budget);
}

/** The objects of an upload, not yet related to each other. Throws `UploadRefusedError`. */
export async function readObjects(
  upload: Upload,
  context: InspectionContext,
  budget: Budget,
  caller?: TestedFor,
): Promise<readonly DecodedObject[]> {
  const found = await readUpload(upload, { now: context.now, password: upload.password, budget });
  return completed(found, context, budget, caller);
}

/**
 * Inspects an upload that is one small object, which is quick; null for any other upload. The account is charged for
 * all that comes after the first wait, here and on other threads: the caller measures what comes before. Throws
 * `TooManyWaitingError`, and the errors of `mustHaveSome`.
 */
export function inspectSingleObject(
  upload: Upload,
  context: InspectionContext,
  format: InspectionFormat,
  account: InspectionAccount,
): Promise<string> | null {
  const [part, ...others] = upload.parts;
  if (part === undefined || others.length > 0) return null;
  const budget = openBudget(1);
  const object = readSingleObject(part, { now: context.now, password: upload.password, budget });
  const report = (objects: readonly DecodedObject[]) =>
    renderInspection(relateAndCheck(objects, context, budget), context.now, format);
  return (
    object && completed([object], context, budget, account).then((objects) => measured(account, () => report(objects)))
  );
}

/** The objects with all that takes a look elsewhere: at RSA moduli on other threads, and into the inventory. */
async function completed(
  found: readonly DecodedObject[],
  context: InspectionContext,
  budget: Budget,
  caller: TestedFor | undefined,
): Promise<readonly DecodedObject[]> {
  return fillInventory(await observePrimeModuli(found, budget, caller), context);
}

/** Throws `UploadRefusedError` where the checks take too much work. */
export function relateAndCheck(
  objects: readonly DecodedObject[],
  context: InspectionContext,
  budget: Budget,
): Inspected {
  const relations = new Relations(objects, context.clusters, budget);
  const inspection: Inspection = {
    objects: objects.map(({ path, content }) => ({ path, ...content })),
    relations: listRelations(relations),
    findings: findAll(objects, relations, context),
  };
  return { inspection, objects };
}

/** The report of an inspection in a media type. */
export function renderInspection({ inspection, objects }: Inspected, now: Date, format: InspectionFormat): string {
  switch (format) {
    case 'application/json':
      return JSON.stringify(inspection);
    case 'application/sarif+json':
      return reportSarif(inspection, filesOf(objects));
    case 'text/plain':
      return reportText(inspection, treesOf(objects), now);
    case 'text/html':
      return reportHtml(inspection, treesOf(objects), now);
  }
}

/** By path, the name of the file of the upload that holds an object. */
export function filesOf(objects: readonly DecodedObject[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  // A container comes before its contents.
  for (const { path, parent } of objects)
    files.set(path, parent === null ? pathStem(path) : (files.get(parent) ?? parent));
  return files;
}

/** Looks up all certificates in our inventory at once, and adds the records that are found. */
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
export function treesOf(objects: readonly DecodedObject[]): PrintableTrees {
  return new Map(
    objects.flatMap(({ path, material }) =>
      material?.kind === 'certificate' || material?.kind === 'request' ? [[path, material.tree] as const] : [],
    ),
  );
}

const primality = new PrimalityTests(100);

/** A test of a longer modulus takes too long. No key of that size is in use for certificates. */
const LONGEST_TESTED_MODULUS = 4096;

/**
 * Adds an observation to each object whose RSA modulus is prime, until the budget is used up. Throws as `isPrime` does.
 */
export async function observePrimeModuli(
  objects: readonly DecodedObject[],
  budget: Budget,
  caller?: TestedFor,
): Promise<readonly DecodedObject[]> {
  const verdicts = new Map<string, boolean>();
  const observed: DecodedObject[] = [];
  for (const object of objects) {
    const modulus = modulusOf(object);
    const name = modulus?.toString('latin1') ?? '';
    if (modulus && !verdicts.has(name) && budget.mayTestModulus())
      verdicts.set(name, await primality.isPrime(modulus, caller));
    observed.push(verdicts.get(name) ? withPrimeModulus(object) : object);
  }
  return observed;
}

function withPrimeModulus(object: DecodedObject): DecodedObject {
  const { content, material, path, parent } = object;
  // PKCS#3 9: p and g. No modulus of RSA is a prime, and the exponent of nearly all RSA keys is no generator.
  const exponent = content.type === 'PublicKey' ? content.publicKey.exponent : null;
  if (material?.kind === 'publicKey' && material.unnamed !== undefined && exponent !== '65537')
    return { path, parent, ...uninspected(material.unnamed) };
  const observations: Observation[] = [...object.observations, { code: 'RsaKeyFactorable', message: primeModulus }];
  const isAcceptable = observations.every(({ code }) => code !== 'RequestNotAcceptable');
  if (object.content.type === 'CertificationRequest' && isAcceptable)
    observations.push({ code: 'RequestNotAcceptable', message: `${primeModulus} (KeyNotAllowed)` });
  return { ...object, observations };
}

/** The RSA modulus, big-endian; null where the object has none that is tested. */
const modulusOf = ({ material }: DecodedObject): Buffer | null =>
  readOrNull(() => {
    const rsa = material && publicKeyOf(material)?.rsa?.value;
    const key = rsa ? rsaMagnitudes(rsa) : null;
    return key !== null && key.bits <= LONGEST_TESTED_MODULUS ? key.modulus : null;
  });

/** Throws `DerError`. */
function publicKeyOf(material: Material): PublicKeyTree | null {
  switch (material.kind) {
    case 'certificate':
    case 'request':
      return material.tree.publicKey;
    case 'publicKey':
    case 'privateKey':
      return readPublicKeyTree(new DerReader(material.subjectPublicKeyInfo));
    case 'list':
      return null;
  }
}

/** Somebody's account of the work that is done for them. */
export interface InspectionAccount {
  /** The caller's name: nobody gets all turns. */
  readonly by: string;
  /** Called when the work is about to begin; throws where nothing is left for it. */
  readonly mustHaveSome: () => void;
  /** Processor seconds. */
  readonly spend: (seconds: number) => void;
}

/** Spends the time in which `work` keeps this thread to itself, until it waits for something. */
export function measured<T>({ spend }: Pick<InspectionAccount, 'spend'>, work: () => T): T {
  const began = performance.now();
  try {
    return work();
  } finally {
    spend((performance.now() - began) / 1000);
  }
}
