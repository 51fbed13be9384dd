import {
  type FindingCode,
  inspectUpload,
  type InspectionContext,
  type Upload,
  UploadRefusedError,
} from '@kubepass/inspect';
import type { ObjectContent } from '../../packages/inspect/src/model/inspection.js';
import type { Piece } from '../../packages/inspect/src/model/decoded.js';
import { Reading } from '../../packages/inspect/src/reading/reading.js';
import { ask } from './ask.js';
import { acceptedOnPurpose, type Acceptance, refusals } from './go-refusals.js';

/** An object that Kubernetes would load, with the octets that it was read from. */
export interface Loadable {
  readonly path: string;
  readonly kind: 'certificate' | 'request' | 'private-key' | 'public-key';
  readonly label: string | null;
  readonly octets: Buffer;
  /** The codes of its findings that are errors. */
  readonly errors: readonly FindingCode[];
  readonly content: ObjectContent;
}

/** A loadable object, as Go judges it. */
export interface Judged extends Loadable {
  /** Go's error; null where Go loads it. */
  readonly refusal: string | null;
  /** Why it is right that no error says so; null for all others. */
  readonly accepted: Acceptance | null;
}

/** All certificates, requests and keys of an upload; none for an upload that is refused as a whole. */
export async function loadablesOf(upload: Upload, context: InspectionContext): Promise<readonly Loadable[]> {
  const { pieces, result: inspected } = await recordingPieces(() =>
    inspectUpload(upload, context).catch((error: unknown) => {
      if (error instanceof UploadRefusedError) return null;
      throw error;
    }),
  );
  return (inspected?.objects ?? []).flatMap(({ path, content }) => {
    const piece = pieces.get(path);
    const kind = kindOf(content);
    if (piece === undefined || kind === null) return [];
    const findings = inspected?.inspection.findings.filter(({ object }) => object === path) ?? [];
    const errors = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code as FindingCode);
    return [{ path, kind, label: piece.label, octets: piece.bytes, errors, content }];
  });
}

function kindOf(content: ObjectContent): Loadable['kind'] | null {
  switch (content.type) {
    case 'Certificate':
      return 'certificate';
    case 'CertificationRequest':
      return 'request';
    case 'PublicKey':
      return 'public-key';
    case 'PrivateKey':
      return 'private-key';
    default:
      return null;
  }
}

/** Runs an inspection, and keeps a copy of the octets of each object: decrypted ones are overwritten. */
async function recordingPieces<T>(run: () => Promise<T>): Promise<{ pieces: ReadonlyMap<string, Piece>; result: T }> {
  const pieces = new Map<string, Piece>();
  const original = Reading.prototype.decode;
  Reading.prototype.decode = function (this: Reading, piece, ...rest) {
    const copy = { ...piece, bytes: Buffer.from(piece.bytes) };
    const path = original.call(this, piece, ...rest);
    pieces.set(path, copy);
    return path;
  };
  try {
    return { pieces, result: await run() };
  } finally {
    Reading.prototype.decode = original;
  }
}

/** Asks Go about each object. `parse` is the path of the oracle. */
export function judge(parse: string, loadables: readonly Loadable[]): readonly Judged[] {
  const questions = loadables.map(({ kind, octets }) => `${kind} ${octets.toString('base64')}`);
  const answers = ask(parse, questions) as readonly (string | null)[];
  return loadables.map((each, i) => {
    const refusal = answers[i] ?? null;
    const accepted = refusal === null ? null : (acceptedOnPurpose.find(({ concerns }) => concerns(each)) ?? null);
    return { ...each, refusal, accepted };
  });
}

/** An error says that it cannot be parsed. */
export const isNamed = ({ errors }: Loadable): boolean => errors.some((code) => refusals.has(code));

/** Go refuses it, and no finding says so: neither an error, nor a reason why that is right. */
export const isMissed = (judged: Judged): boolean =>
  judged.refusal !== null && judged.accepted === null && !isNamed(judged);
