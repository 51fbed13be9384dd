import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InspectionContext } from '../../src/model/decoded.js';
import type { InventoryEntry, Upload } from '../../src/model/inspection.js';
import { decodeSinglePem } from '@kubepass/x509';

export const corpusFolder = fileURLToPath(new URL('../../corpus/', import.meta.url));

/** `upload.json` of a fixture. */
export interface UploadFile {
  readonly about: string;
  /** The name that the upload gives each part; null for a part without a name. */
  readonly parts: readonly { readonly file: string; readonly name: string | null }[];
  readonly password?: string;
  /** The findings that the fixture is made for. */
  readonly raises: readonly string[];
}

export interface CorpusFixture extends UploadFile {
  readonly name: string;
  readonly upload: Upload;
  /** Its golden answer, as the file has it. */
  readonly answer: () => string;
}

/** Every fixture there is, by name. */
export function readCorpus(): readonly CorpusFixture[] {
  return readdirSync(corpusFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readFixture(name));
}

export function readFixture(name: string): CorpusFixture {
  const read = (file: string): Buffer => readFileSync(join(corpusFolder, name, file));
  const described = JSON.parse(read('upload.json').toString()) as UploadFile;
  return {
    ...described,
    name,
    upload: {
      parts: described.parts.map((part) => ({ name: part.name, bytes: read(part.file) })),
      password: described.password ?? null,
    },
    answer: () => read('answer.json').toString(),
  };
}

/** `context.json` beside the fixtures: the facts that an inspection of the corpus knows besides the upload. */
interface ContextFile {
  readonly now: string;
  readonly thresholds: InspectionContext['thresholds'];
  /** CAs, by the names of their fixtures. */
  readonly clusters: readonly {
    readonly name: string;
    readonly server: string;
    readonly servingAuthorities: readonly string[];
    readonly clientAuthorities: readonly string[] | null;
  }[];
  readonly inventory: Readonly<Record<string, InventoryEntry>>;
}

export function corpusContext(): InspectionContext {
  const { now, thresholds, clusters, inventory } = JSON.parse(
    readFileSync(join(corpusFolder, 'context.json'), 'utf8'),
  ) as ContextFile;
  const records = new Map(Object.entries(inventory));
  return {
    now: new Date(now),
    thresholds,
    clusters: clusters.map(({ servingAuthorities, clientAuthorities, ...cluster }) => ({
      ...cluster,
      servingAuthorities: servingAuthorities.map(certificateOf),
      clientAuthorities: clientAuthorities?.map(certificateOf) ?? null,
    })),
    inventory: async (fingerprints) =>
      new Map(
        fingerprints.flatMap((fingerprint) => {
          const record = records.get(fingerprint);
          return record === undefined ? [] : [[fingerprint, record] as const];
        }),
      ),
  };
}

function certificateOf(fixture: string): Buffer {
  const [part] = readFixture(fixture).upload.parts;
  const decoded = decodeSinglePem(Buffer.from(part?.bytes ?? []).toString(), 'CERTIFICATE');
  if (!decoded.ok) throw new Error(`fixture ${fixture} is not the certificate of a CA`);
  return decoded.der;
}
