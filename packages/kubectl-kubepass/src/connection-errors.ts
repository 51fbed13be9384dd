import { codeOf, messageOf } from '@kubepass/x509';

/** A failed connection. */
interface Attempted {
  readonly place: URL;
  /** Whether one CA alone is trusted, which a person has named. */
  readonly isPinned: boolean;
  /** How a CA comes to be trusted, as an advice. */
  readonly trustAdvice: string;
  /** By the clock of this machine. */
  readonly now: number;
}

/** The proxy could not be reached, or does not connect. The message says why, and what helps. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
}

const unknownAuthority: ReadonlySet<unknown> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_UNTRUSTED',
]);

/** Why there is no connection, and what helps: for codes of Node.js and of OpenSSL's verification. */
export function whyNoConnection(error: unknown, { place, isPinned, trustAdvice, now }: Attempted): string {
  if (error instanceof ProxyError) return error.message;
  const code = firstCode(error);
  const clock = `this machine says that it is ${new Date(now).toISOString()}`;
  if (unknownAuthority.has(code))
    return isPinned
      ? `its certificate is not of the CA that you have named (${String(code)}). If the CA was replaced, ${trustAdvice}`
      : `its certificate is of a CA that Node.js does not trust (${String(code)}: ${messageOf(error)}): ${trustAdvice}`;
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `its certificate has expired: whoever runs it must renew it, unless the clock here is wrong: ${clock}`;
    case 'CERT_NOT_YET_VALID':
      return `its certificate is not valid yet, or the clock here is wrong: ${clock}`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is for another name: ${namesOf(error)}, and not ${place.hostname}. Use a name that it has`;
    case 'ECONNREFUSED':
      return `the connection is refused: nothing listens on port ${portOf(place)} there. Check the address, and whether it runs`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
      return `there is no host ${place.hostname} (${code}): check the name, and the DNS and network of this machine`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no way to that host (${code}): check the network, and the VPN if it takes one`;
    case 'ETIMEDOUT':
      return 'there is no answer (ETIMEDOUT): check the network, a firewall on the way, and the VPN if it takes one';
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection was ended (${code}), by the server or by something on the way. ${otherProtocol(place)}`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `something that does not speak TLS answers on port ${portOf(place)}. Check the port`;
    default:
      return typeof code === 'string' && code.startsWith('HPE_')
        ? `something that does not speak HTTP answers on port ${portOf(place)}. ${otherProtocol(place)}`
        : messageOf(error) || String(code);
  }
}

/** A name with several addresses fails with an error for each, in an error without a message. */
function firstCode(error: unknown): unknown {
  const [first] = (error instanceof AggregateError ? error.errors : []) as readonly unknown[];
  return codeOf(error) ?? codeOf(first);
}

const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

const otherProtocol = ({ protocol }: URL): string =>
  protocol === 'http:' ? 'If it speaks TLS, write https' : 'Check the address and the port';

/** `DNS:kubepass.example, IP Address:10.0.0.1` of the certificate in an error of Node's tls. */
function namesOf(error: unknown): string {
  const { cert } = error as { readonly cert?: { readonly subjectaltname?: string } };
  return cert?.subjectaltname?.slice(0, 300) ?? 'it has no names at all';
}
