import { type CertificateNode, octetsKey } from './certificate-node.js';

/** Certificates by what an issuer is looked for by. */
export class CertificateIndex {
  readonly #bySubject = new Map<string, CertificateNode[]>();
  readonly #byKeyIdentifier = new Map<string, CertificateNode[]>();

  constructor(nodes: readonly CertificateNode[]) {
    for (const node of nodes) {
      const { subject, subjectKeyIdentifier } = node.material;
      add(this.#bySubject, octetsKey(subject), node);
      if (subjectKeyIdentifier !== null) add(this.#byKeyIdentifier, octetsKey(subjectKeyIdentifier), node);
    }
  }

  /** Those of that subject, octet for octet. */
  bySubject(name: string): readonly CertificateNode[] {
    return this.#bySubject.get(name) ?? none;
  }

  byKeyIdentifier(keyIdentifier: string): readonly CertificateNode[] {
    return this.#byKeyIdentifier.get(keyIdentifier) ?? none;
  }
}

const none: readonly CertificateNode[] = [];

function add(map: Map<string, CertificateNode[]>, key: string, node: CertificateNode): void {
  const nodes = map.get(key);
  if (nodes === undefined) map.set(key, [node]);
  else nodes.push(node);
}
