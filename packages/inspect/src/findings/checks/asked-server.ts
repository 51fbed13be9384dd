import { keyPurpose } from '@kubepass/x509';
import { quote } from '../../formats/text/quote.js';
import type { AskedServer } from '../../model/decoded.js';
import { type CertificateNode, isAuthority, onceFor } from '../../relations/certificate-node.js';
import type { Relations } from '../../relations/relations.js';
import { allowsOne, exceededBy } from './chain.js';
import type { CertificateCheck } from './check.js';
import { isNamedBy } from './names.js';

const forServers = [keyPurpose.serverAuth];

/** The certificates that the server may show: those that name the host, else all that are for servers, else all. */
const shownBy = onceFor((relations: Relations, { host, authorities }: AskedServer): ReadonlySet<CertificateNode> => {
  const given = relations.certificates.filter(({ object }) => object && !authorities?.objects.has(object));
  const naming = given.filter(({ material }) => host !== null && isNamedBy(material, host));
  const servers = given.filter(({ material }) => !isAuthority(material) && allowsOne(material, forServers));
  return new Set([naming, servers].find(({ length }) => length > 0) ?? given);
});

/** Whether a client that asks for the host, and trusts these CAs, accepts the certificate. */
export const checkAskedServer: CertificateCheck = ({ node, material }, { relations, context, report }) => {
  const { server, now } = context;
  if (server === undefined || !shownBy(relations, server).has(node)) return;
  const { host, authorities } = server;
  if (host !== null && !isNamedBy(material, host))
    report('SubjectAltNameLacksServer', `it does not name ${quote(host)}, which --host asks for`);
  if (!allowsOne(material, forServers)) report('ExtendedKeyUsageUnsuitable', 'it is not for servers');
  if (authorities === null) return;
  const trusted = new Set(
    [...authorities.objects].map(({ content }) => 'fingerprintSha256' in content && content.fingerprintSha256),
  );
  const isTrusted = relations.chainsOf(node).some(({ nodes }) => {
    const chain = nodes.slice(0, nodes.findIndex(({ fingerprintSha256 }) => trusted.has(fingerprintSha256)) + 1);
    return chain.length > 0 && exceededBy(chain) === null && chain.every((each, i) => isGood(each, i > 0, now));
  });
  if (!isTrusted)
    report('ChainNotToGivenCa', `no chain that is valid now leads from it to a certificate of ${authorities.file}`);
};

const isGood = ({ material }: CertificateNode, signs: boolean, now: Date): boolean =>
  material.notBefore <= now &&
  now <= material.notAfter &&
  (!signs ||
    (isAuthority(material) && material.keyUsage?.includes('keyCertSign') !== false && allowsOne(material, forServers)));
