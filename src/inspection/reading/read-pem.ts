import type { Observation } from '../decoded.js';
import { itemPath } from './paths.js';
import { nextPemBlock, type PemBlock } from './pem-blocks.js';
import type { Reading, Source } from './reading.js';
import { limits } from './limits.js';

/** Reads every PEM block of a text, whatever stands around them (RFC 7468 2: explanatory text). */
export function readPem(text: string, isUtf16: boolean, source: Source, reading: Reading): readonly string[] {
  const blocks: PemBlock[] = [];
  // One more than there may be is enough to be refused.
  for (let position = 0; blocks.length <= limits.objects;) {
    const block = nextPemBlock(text, position);
    if (block === null) break;
    reading.context.budget.spendOctets(block.bytes.length);
    blocks.push(block);
    position = block.end;
  }
  return blocks.map((block, i) =>
    readBlock(
      isUtf16 ? { ...block, observations: [...block.observations, inUtf16] } : block,
      { ...source, path: itemPath(source.path, i, blocks.length), depth: source.depth + 1 },
      reading,
    ),
  );
}

const inUtf16: Observation = {
  code: 'PemUnusualForm',
  message: 'The PEM block stands in a text in UTF-16, which hardly any reader of PEM takes',
};

function readBlock(block: PemBlock, source: Source, reading: Reading): string {
  const { label, headers, bytes, observations } = block;
  const other = otherThanCredentials(label);
  if (other === null && bytes.length > 0)
    return reading.decode({ path: source.path, bytes, label, headers }, source.parent, source.depth, observations);
  const object = reading.open(source);
  object.fill({
    content: { type: 'Unknown', bytes: bytes.length, resembles: other ?? 'a PEM block without content' },
    material: null,
    observations: [
      ...observations,
      other === null
        ? { code: 'MalformedObject', message: 'The PEM block holds nothing that could be read' }
        : { code: 'UnrecognisedContent', message: `It is ${other}, which is not inspected` },
    ],
  });
  return object.path;
}

/** What a PEM block holds that says by its label that it is none of what is inspected; null for all others. */
function otherThanCredentials(label: string): string | null {
  if (label.startsWith('PGP ')) return 'an OpenPGP block';
  if (label === 'EC PARAMETERS') return 'the parameters of an elliptic curve';
  if (/^(?:X9\.42 )?DH PARAMETERS$/.test(label)) return 'Diffie-Hellman parameters';
  if (label === 'DSA PARAMETERS') return 'DSA parameters';
  return null;
}
