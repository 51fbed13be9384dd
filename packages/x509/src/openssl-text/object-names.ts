import { namedCurves } from './named-curves.js';
import { objectIdentifierTable } from './object-identifier-table.js';

/** The names of object identifiers. */
export interface ObjectNames {
  /** The registered long name, or the dotted form. */
  long(dotted: string): string;
  /** The registered short name; undefined where there is none. */
  short(dotted: string): string | undefined;
}

interface Names {
  readonly short: string;
  readonly long: string;
}

function readTable(table: string): Map<string, Names> {
  const names = new Map<string, Names>();
  for (const line of table.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [dotted = '', short = '', ...long] = line.split(' ');
    names.set(dotted, { short, long: long.length > 0 ? long.join(' ') : short });
  }
  return names;
}

const namesFrom = (find: (dotted: string) => Names | undefined): ObjectNames => ({
  long: (dotted) => find(dotted)?.long ?? dotted,
  short: (dotted) => find(dotted)?.short,
});

const registered: ReadonlyMap<string, Names> = new Map([
  ...Array.from(namedCurves, ([dotted, { name }]) => [dotted, { short: name, long: name }] as const),
  ...readTable(objectIdentifierTable),
]);

export const objectNames: ObjectNames = namesFrom((dotted) => registered.get(dotted));

const policies = readTable('1.2.3.4.1 tsa_policy1\n1.2.3.4.5.6 tsa_policy2\n1.2.3.4.5.7 tsa_policy3');

/**
 * The names that `openssl req` uses. Unlike `openssl x509` it reads the default openssl.cnf, which names three
 * time-stamping policies under 1.2.3.4.
 */
export const objectNamesOfRequests: ObjectNames = namesFrom((dotted) => policies.get(dotted) ?? registered.get(dotted));

/** OpenSSL writes many names into buffers of 80 octets, 79 of which show. */
export const cutToBuffer = (name: string): string => name.slice(0, 79);
