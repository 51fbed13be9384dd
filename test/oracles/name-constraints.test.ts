// Tests packages/inspect/src/findings/checks/name-constraints.ts
import { describe, expect, inject, it } from 'vitest';
import { contextConstructed, contextPrimitive, der, oid, Tag } from '@kubepass/x509';
import { inspectFiles } from '../../packages/inspect/test/inspected.js';
import {
  type AlternativeNames,
  makeAuthority,
  makeCertificate,
  nameConstraints,
  nameOf,
  subjectAltName,
  testNow,
} from '../../packages/x509/test/helpers/certificates.js';
import { ask } from './ask.js';

const oracles = inject('oracles');

const octets = (...bytes: readonly number[]): Buffer => Buffer.from(bytes);
const v6 = (...ends: readonly number[]): Buffer => Buffer.concat([Buffer.alloc(16 - ends.length), octets(...ends)]);
const ones = (bits: number, size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => (0xff00 >> Math.max(0, Math.min(8, bits - 8 * i))) & 0xff));
const subnet = (address: Buffer, bits: number): Buffer => Buffer.concat([address, ones(bits, address.length)]);
/** `id-on-userPrincipalName`, and a registeredID. */
const otherName = (text: string): Buffer =>
  der(
    contextConstructed(0),
    oid('1.3.6.1.4.1.311.20.2.3'),
    der(contextConstructed(0), der(Tag.UTF8_STRING, Buffer.from(text))),
  );
const registeredId = der(contextPrimitive(8), octets(0x2a, 0x03));
const directory = nameOf([['O', 'Corp']]);

const hosts = ['corp.example', '.corp.example', 'a.corp.example', 'CORP.Example', 'example', ''];
const bases: readonly AlternativeNames[] = [
  ...hosts.flatMap((host): AlternativeNames[] => [{ dns: [host] }, { email: [host] }, { uri: [host] }]),
  ...['jane@corp.example', 'Jane@CORP.example', '"jane"@corp.example', '"a@b"@corp.example'].map((email) => ({
    email: [email],
  })),
  { ip: [subnet(octets(10, 0, 0, 0), 8)] },
  { ip: [subnet(octets(10, 1, 0, 0), 16)] },
  { ip: [subnet(octets(0, 0, 0, 0), 0)] },
  { ip: [subnet(v6(), 0)] },
  { ip: [subnet(Buffer.concat([octets(0xfd), Buffer.alloc(15)]), 8)] },
  { dns: ['corp.example', 'a.example'], email: ['other.example'] },
  { directory: [directory] },
  { whole: [otherName('corp')] },
  { whole: [registeredId] },
  { dns: ['corp.example'], whole: [otherName('corp')] },
];

const dns = [
  ...['corp.example', 'a.corp.example', 'A.CORP.EXAMPLE', 'b.a.corp.example', 'notcorp.example', 'other.example'],
  ...['*.corp.example', '*.a.corp.example', '*.example', '*', '*.other.example', '_x.corp.example', 'xn--a.example'],
  ...['a.corp.example.', '.corp.example', 'a..corp.example', 'a b.corp.example', 'a.corp.example:443', '10.0.0.1', ''],
];
const email = [
  ...['jane@corp.example', 'jane@CORP.EXAMPLE', 'Jane@corp.example', 'jane@a.corp.example', 'jane@other.example'],
  ...[
    '"jane"@corp.example',
    '"j\\ane"@corp.example',
    'j\\ane@corp.example',
    '"jane doe"@corp.example',
    '""@corp.example',
  ],
  ...['"a@b"@corp.example', 'a\\@b@corp.example', 'a@b@corp.example', 'jane@@corp.example', 'jane@*.corp.example'],
  ...['jane', '', '@corp.example', 'jane@', 'jane@corp.example.', 'jane@.corp.example', 'jane@corp..example'],
  ...['.jane@corp.example', 'jane.@corp.example', 'ja..ne@corp.example', '"ja..ne"@corp.example', 'j.a.n@corp.example'],
  ...['jane @corp.example', '"jane@corp.example', 'jane"@corp.example', 'jane@corp example', '<jane@corp.example>'],
  ...[
    'ja(n)e@corp.example',
    '"ja\u0001ne"@corp.example',
    '"ja\tne"@corp.example',
    'ja\u0001ne@corp.example',
    '\\@corp.example',
  ],
  ...[
    'Jane <jane@corp.example>',
    'jane+tag@corp.example',
    "o'neil!#$%&*/=?^`{|}~@corp.example",
    '"a\\"b"@corp.example',
  ],
];
const uri = [
  ...['https://corp.example/', 'https://a.corp.example:8443/x', 'spiffe://corp.example/ns/a', 'https://CORP.example'],
  ...['https://u:p@a.corp.example/', 'https://corp.example:/', 'HTTPS://a.corp.example', 'https://b.a.corp.example/'],
  ...[
    'https://a.corp.example?x@other.example',
    'https://other.example#@a.corp.example',
    'https://other.example/@corp.example',
  ],
  ...[
    'https://other.example',
    'https://notcorp.example',
    'https://u@other.example@corp.example/',
    'https://*.corp.example/',
  ],
  ...['urn:a:b', 'mailto:jane@corp.example', 'https:///x', '//corp.example/x', 'corp.example', '/x', 'https://:443/'],
  ...['https://10.0.0.1/', 'https://[::1]/', 'https://[::1]:443/', 'https://[fe80::1%25eth0]/', 'https://1.2.3/'],
  ...['https://corp.example./', 'https://a..corp.example/', 'https://.corp.example/', 'https://a%2ecorp.example/'],
];
const ip = [octets(10, 1, 2, 3), octets(10, 255, 0, 1), octets(11, 1, 2, 3), v6(1), v6(0xff, 0xff, 10, 1, 2, 3)];
const names: readonly AlternativeNames[] = [
  ...dns.map((name) => ({ dns: [name] })),
  ...email.map((name) => ({ email: [name] })),
  ...uri.map((name) => ({ uri: [name] })),
  ...ip.map((name) => ({ ip: [name] })),
  { dns: ['a.corp.example'], email: ['jane'] },
  { dns: ['a.corp.example'], uri: ['urn:a:b'] },
  { dns: ['a.corp.example', 'other.example'], ip: [octets(10, 1, 2, 3)] },
  {
    directory: [
      nameOf([
        ['O', 'Corp'],
        ['CN', 'x'],
      ]),
    ],
  },
  { whole: [otherName('jane')] },
  { whole: [registeredId] },
  { dns: ['a.corp.example'], whole: [otherName('jane')] },
];

interface Question {
  readonly permitted: AlternativeNames;
  readonly excluded: AlternativeNames;
  readonly names: AlternativeNames;
  /** DER. */
  readonly authority: Buffer;
  readonly leaf: Buffer;
  /** It was refused here for its names, or its CA for the constraints. */
  readonly refused: boolean;
}

/** Our verdicts about a client with each of the names, below a CA with these constraints. */
async function judge(permitted: AlternativeNames, excluded: AlternativeNames, critical: boolean): Promise<Question[]> {
  const authority = makeAuthority({ extensions: [nameConstraints(permitted, excluded, critical)] });
  const leaves = names.map((each) => makeCertificate({ issuer: authority, extensions: [subjectAltName(each)] }));
  const files = Object.fromEntries(leaves.map(({ pem }, i) => [`${i}.crt`, pem]));
  const { codes } = await inspectFiles({ 'ca.crt': authority.pem, ...files });
  const isRefused = codes('ca.crt').includes('UnknownCriticalExtension');
  return names.map((each, i) => ({
    ...{ permitted, excluded, names: each, authority: authority.der, leaf: leaves[i]!.der },
    refused: isRefused || codes(`${i}.crt`).includes('NameConstraintViolated'),
  }));
}

interface Verdict {
  readonly chains: readonly (readonly string[])[] | null;
  readonly reason: string;
}

const verdictsOf = (questions: readonly Question[]): readonly Verdict[] =>
  ask(
    oracles!.chains,
    questions.map(({ authority, leaf }) =>
      JSON.stringify({
        user: leaf.toString('base64'),
        shown: [],
        roots: [authority.toString('base64')],
        moment: testNow.toISOString(),
      }),
    ),
  ) as readonly Verdict[];

/** Refusals of what an API server accepts. */
const stricter: readonly ((question: Question) => boolean)[] = [
  // RFC 5280 4.2.1.10: a host without a dot before it is that host alone. Go takes it for a domain.
  ({ permitted, names: { email = [], uri = [] } }) =>
    (email.length > 0 && permitted.email?.some((base) => !/^\.|@/.test(base)) === true) ||
    (uri.length > 0 && permitted.uri?.some((base) => !base.startsWith('.')) === true),
  // Go compares no directory names, and passes over constraints of them that are not critical.
  ({ permitted, excluded }) => [permitted, excluded].some(({ directory }) => directory !== undefined),
  // RFC 5321 4.1.2, RFC 1034 3.5, RFC 5280 4.2.1.6: no mailbox, no host name, no absolute URI with a host.
  ({ names: { dns = [], email = [], uri = [] } }) =>
    dns.includes('') ||
    email.some((each) => ['jane@', 'a@b@corp.example', 'jane@@corp.example'].includes(each)) ||
    uri.some((each) => ['//corp.example/x', 'https://:443/'].includes(each)),
];

/** Go takes such an address for one of IPv4, which lies in no subnet of IPv6. RFC 5280 4.2.1.10 compares octets. */
const isMapped = ({ names: { ip = [] } }: Question): boolean =>
  ip.some((address) => address.includes('ffff', 10, 'hex'));

const told = (alternatives: AlternativeNames): string =>
  Object.entries(alternatives)
    .map(
      ([form, values]) =>
        `${form} ${(values as readonly (string | Buffer)[]).map((value) => value.toString('latin1')).join(', ')}`,
    )
    .join('; ');

describe.skipIf(oracles === null)('names below constraints, as Go judges them for an API server', () => {
  it('are refused where Go refuses them, and nearly nowhere else', { timeout: 600_000 }, async () => {
    const questions: Question[] = [];
    for (const base of bases)
      for (const critical of [true, false])
        questions.push(...(await judge(base, {}, critical)), ...(await judge({}, base, critical)));
    const verdicts = verdictsOf(questions);
    const counts = { refused: 0, accepted: 0, unread: 0, stricter: 0, mapped: 0 };
    const differing: object[] = [];
    for (const [i, question] of questions.entries()) {
      const { chains, reason } = verdicts[i]!;
      const { refused } = question;
      if (chains === null && !/not authorized to sign for this name|unhandled critical extension/.test(reason)) {
        // Go cannot read the URI at all.
        expect(reason).toContain('cannot parse URI');
        counts.unread++;
      } else if (refused === (chains === null)) counts[refused ? 'refused' : 'accepted']++;
      else if (refused && stricter.some((is) => is(question))) counts.stricter++;
      else if (isMapped(question)) counts.mapped++;
      else
        differing.push({
          ...{ refused, reason, permitted: told(question.permitted) },
          ...{ excluded: told(question.excluded), names: told(question.names) },
        });
    }
    expect(differing).toEqual([]);
    expect(questions.length).toBeGreaterThan(10_000);
    expect(counts.refused).toBeGreaterThan(4000);
    expect(counts.accepted).toBeGreaterThan(3000);
    expect(counts.mapped).toBeLessThan(5);
    expect(counts.stricter).toBeLessThan(counts.accepted / 2);
  });
});
