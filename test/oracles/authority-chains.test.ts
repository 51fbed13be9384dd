// Tests packages/x509/src/strict/authority-chain.ts, packages/x509/src/strict/authority-rules.ts
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { type AuthorityChain, encodePem, judgeAuthorityChain, readCertificate } from '@kubepass/x509';
import { type SampleChain, sampleChain, seeded } from '../../packages/x509/test/helpers/authority-chains.js';
import { testNow } from '../../packages/x509/test/helpers/certificates.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { ask } from './ask.js';

const oracles = inject('oracles');

interface Verdict {
  readonly sample: SampleChain;
  /** Null where it is refused. */
  readonly accepted: AuthorityChain | null;
  readonly problems: readonly string[];
}

function judge(sample: SampleChain): Verdict {
  const anchors = sample.anchors?.map((der) => readCertificate(der)) ?? null;
  const judged = judgeAuthorityChain(
    sample.certificates.map((der) => readCertificate(der)),
    anchors,
    testNow,
  );
  return {
    sample,
    accepted: judged.ok ? judged : null,
    problems: judged.ok ? judged.outOfDate.map(({ reason }) => reason) : judged.problems,
  };
}

/** The certificates that go to the API server: the chain where there is one, else the whole file. */
const shownOf = ({ sample, accepted }: Verdict) => accepted?.chain.map(({ der }) => der) ?? sample.certificates;
const rootsOf = ({ anchors, certificates }: SampleChain) => anchors ?? certificates.slice(0, 1);

const verdictsOf = (count: number, seed: number): readonly Verdict[] => {
  const random = seeded(seed);
  return Array.from({ length: count }, () => judge(sampleChain(random)));
};

/** Refusals of what an API server would pass over: they are of no use to it, or weak. */
const stricter = [
  /is superfluous$/,
  /take it out$/,
  /the order is from the issuer up$/,
  /is not issued by the next one/,
  /does not lead to the anchor/,
  /has a key that is not accepted/,
  /has policyConstraints/,
  /is of version 1/,
  /has an empty subject/,
  /has name constraints, and a CA below it has alternative names/,
];

/** Whether a problem is one of a certificate that no chain of Go has. */
const isOfAnother = (problem: string, { sample }: Verdict, chains: readonly (readonly string[])[]): boolean => {
  const serialNumber = /\(serial number (-?[0-9a-f]+)\)/.exec(problem)?.[1];
  return ![...sample.certificates, ...(sample.anchors ?? [])]
    .map((der) => readCertificate(der))
    .filter((one) => one.serialNumber === serialNumber)
    .some(({ fingerprintSha256 }) => chains.flat().includes(fingerprintSha256));
};

describe.skipIf(oracles === null)('chains of CAs, as Go judges them for an API server', () => {
  it('are accepted and refused alike: 4,000 of them', { timeout: 600_000 }, () => {
    const verdicts = verdictsOf(4000, 20_261_130);
    const answers = ask(
      oracles!.chains,
      verdicts.map((verdict) =>
        JSON.stringify({
          user: verdict.sample.user.toString('base64'),
          shown: shownOf(verdict).map((der) => der.toString('base64')),
          roots: rootsOf(verdict.sample).map((der) => der.toString('base64')),
          moment: testNow.toISOString(),
        }),
      ),
    ) as readonly { readonly chains: readonly (readonly string[])[] | null; readonly reason: string }[];
    const differing = verdicts.flatMap((verdict, i) => {
      const { chains, reason } = answers[i]!;
      const isGood = verdict.accepted !== null && verdict.problems.length === 0;
      const isExplained =
        chains !== null &&
        verdict.problems.every(
          (problem) => stricter.some((one) => one.test(problem)) || isOfAnother(problem, verdict, chains),
        );
      return isGood === (chains !== null) || (!isGood && isExplained)
        ? []
        : [{ told: verdict.sample.told, problems: verdict.problems, reason, accepted: verdict.accepted !== null }];
    });
    expect(differing.slice(0, 10)).toEqual([]);
    // Both answers occur often enough to say something.
    expect(verdicts.filter(({ accepted }) => accepted !== null).length).toBeGreaterThan(1000);
    expect(answers.filter(({ chains }) => chains === null).length).toBeGreaterThan(900);
  });
});

/** Why OpenSSL refuses what an API server accepts: RFC 5280 wants more of a CA, and it wants the purpose itself. */
const strictOpenssl = [
  'Basic Constraints of CA cert not marked critical',
  'Missing Subject Key Identifier',
  'Missing Authority Key Identifier',
  'unsuitable certificate purpose',
  'authority and subject key identifier mismatch',
  'CA cert does not include key usage extension',
  'subtree violation',
  'Issuer name empty',
];

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('chains of CAs, as openssl verify judges them', () => {
  const directory = temporaryDirectory();
  afterAll(() => {
    directory.remove();
  });

  it('verify with -x509_strict -purpose sslclient where they are accepted', { timeout: 600_000 }, () => {
    const good = verdictsOf(1200, 7).filter(({ accepted, problems }) => accepted !== null && problems.length === 0);
    const refused: object[] = [];
    let verified = 0;
    for (const [i, verdict] of good.entries()) {
      const at = join(directory.path, String(i));
      mkdirSync(at);
      const write = (name: string, ders: readonly Buffer[]) => {
        writeFileSync(join(at, name), ders.map((der) => encodePem('CERTIFICATE', der)).join(''));
        return join(at, name);
      };
      const shown = shownOf(verdict);
      const { status, stdout, stderr } = spawnSync('openssl', [
        ...['verify', '-x509_strict', '-purpose', 'sslclient', '-partial_chain'],
        ...['-attime', String(testNow.getTime() / 1000 - 1), '-CAfile', write('anchors', rootsOf(verdict.sample))],
        ...(shown.length > 0 ? ['-untrusted', write('shown', shown)] : []),
        write('user', [verdict.sample.user]),
      ]);
      if (status === 0) verified++;
      // It looks for an issuer by its key identifier, and Go by its name.
      else if (
        !strictOpenssl.some((why) => String(stderr).includes(why)) &&
        !verdict.sample.told.some((variation) => variation.includes('authorityKeyIdentifier of another'))
      )
        refused.push({ told: verdict.sample.told, said: String(stdout) + String(stderr) });
    }
    expect(refused).toEqual([]);
    expect(verified).toBeGreaterThan(good.length / 2);
  });
});
