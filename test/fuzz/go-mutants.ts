import { readdirSync, readFileSync } from 'node:fs';
import { encodePem } from '@kubepass/x509';
import { readCorpus } from '../../packages/inspect/test/helpers/inspection-corpus.js';
import { mutateDer } from './mutate-der.js';
import { mutateFields } from './mutate-fields.js';
import { mutateOctets } from './mutate-octets.js';
import { type Mutant, type MutantMaker, Mutants } from './mutants.js';
import { Random } from './random.js';

const fixtures = new URL('../../packages/x509/test/fixtures/', import.meta.url);

/** The DER of each PEM block of a text, with its label. */
function blocksOf(text: string): readonly { readonly label: string; readonly der: Buffer }[] {
  return [...text.matchAll(/-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g)].map(
    ([, label = '', base64 = '']) => ({ label, der: Buffer.from(base64, 'base64') }),
  );
}

/** The inputs for the comparison with Go: mutants of certificates, requests and keys, and those of uploads. */
export class GoMutants implements MutantMaker {
  readonly #uploads: Mutants;
  readonly #blocks: ReturnType<typeof blocksOf>;

  constructor(private readonly seed: number) {
    this.#uploads = new Mutants(seed);
    const texts = [
      ...readCorpus().flatMap(({ upload }) => upload.parts.map(({ bytes }) => Buffer.from(bytes).toString('latin1'))),
      ...readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.pem'))
        .sort()
        .map((name) => readFileSync(new URL(name, fixtures), 'latin1')),
    ];
    const once = new Map(texts.flatMap(blocksOf).map((block) => [block.der.toString('latin1'), block]));
    this.#blocks = [...once.values()].filter(({ label }) =>
      /^(CERTIFICATE( REQUEST)?|.*(PRIVATE|PUBLIC) KEY)$/.test(label),
    );
  }

  make(number: number): Mutant {
    const random = new Random(this.seed, number, 'go');
    if (random.once(5)) return { ...this.#uploads.make(number), format: 'application/json' };
    const { label, der } = random.pick(this.#blocks);
    const other = (): Buffer => random.pick(this.#blocks).der;
    const mutated = random.once(5)
      ? (mutateDer(der, random, other) ?? mutateOctets(der, random, other))
      : (mutateFields(der, random, other) ?? mutateOctets(der, random, other));
    const bytes = random.once(2) ? mutated : Buffer.from(encodePem(label, mutated));
    return { upload: { parts: [{ name: null, bytes }], password: null }, format: 'application/json', fixture: label };
  }
}
