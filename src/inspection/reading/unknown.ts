import type { Reading, Source } from './reading.js';

/** What becomes of a source that nothing here reads. `resembles`: what it looks like, in words. */
export function unknown(source: Source, resembles: string | null, reading: Reading): readonly string[] {
  if (source.expected === 'perhaps') return [];
  const object = reading.open(source);
  const is = resembles === null ? 'is nothing that is known here' : `looks like ${resembles}`;
  object.fill({
    content: { type: 'Unknown', bytes: source.bytes.length, resembles },
    material: null,
    observations: [
      source.bytes.length === 0
        ? { code: 'UnrecognisedContent', message: 'It is empty' }
        : source.expected === 'credential'
          ? { code: 'MalformedObject', message: `A certificate or key in PEM belongs here, and what is there ${is}` }
          : {
              code: 'UnrecognisedContent',
              message: resembles === null ? 'It is nothing that is inspected here' : `It ${is}, which is not inspected`,
            },
    ],
  });
  return [object.path];
}
