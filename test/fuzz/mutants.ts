import type { InspectionFormat, Upload, UploadPart } from '@kubepass/inspect';
import { type CorpusFixture, readCorpus } from '../../packages/inspect/test/helpers/inspection-corpus.js';
import { mutate, nest } from './mutate.js';
import { Random } from './random.js';

export interface Mutant {
  readonly upload: Upload;
  readonly format: InspectionFormat;
  /** The fixture that it was made from. */
  readonly fixture: string;
}

/** Makes the inputs of a run. Each depends only on the seed and its number. */
export interface MutantMaker {
  make(number: number): Mutant;
}

/** A larger upload is refused, so it needs no further changes. */
const maxOctets = 1024 * 1024;

/** The inputs of a run over uploads. */
export class Mutants implements MutantMaker {
  readonly #fixtures: readonly CorpusFixture[];
  readonly #parts: readonly Buffer[];

  constructor(private readonly seed: number) {
    const corpus = readCorpus();
    // The folders of a control plane take a hundred times as long as the rest, so they are used only now and then.
    this.#fixtures = corpus;
    this.#parts = corpus
      .flatMap(({ upload }) => upload.parts.map(({ bytes }) => Buffer.from(bytes)))
      .filter(({ length }) => length < 8192);
  }

  make(number: number): Mutant {
    const random = new Random(this.seed, number);
    const fixture = this.#pick(random);
    const other = () => random.pick(this.#parts);
    const parts = fixture.upload.parts.map(({ name, bytes }): UploadPart => {
      if (fixture.upload.parts.length > 1 && random.once(2)) return { name, bytes };
      let octets: Buffer = Buffer.from(bytes);
      for (let times = random.pick([1, 1, 1, 2, 2, 3, 5]); times > 0 && octets.length <= maxOctets; times--)
        octets = mutate(octets, random, other);
      if (random.once(10)) octets = nest(octets, random);
      return { name: random.once(30) ? random.octets(12).toString('latin1') : name, bytes: octets };
    });
    if (random.once(20)) parts.push({ name: null, bytes: other() });
    if (random.once(2000)) parts.length = 0;
    return {
      upload: { parts, password: this.#password(fixture, random) },
      format: formatOf(random),
      fixture: fixture.name,
    };
  }

  #pick(random: Random): CorpusFixture {
    const fixture = random.pick(this.#fixtures);
    return fixture.name.startsWith('kubeadm-') && !random.once(50) ? this.#pick(random) : fixture;
  }

  /** Deriving a key takes ten times as long as all the rest, and most of that work is not our code. */
  #password({ upload }: CorpusFixture, random: Random): string | null {
    return random.once(upload.password === null ? 500 : 20) ? (upload.password ?? 'x') : null;
  }
}

function formatOf(random: Random): InspectionFormat {
  if (!random.once(10)) return 'application/json';
  return random.once(2) ? 'text/plain' : 'text/html';
}
