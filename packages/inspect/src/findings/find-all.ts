import type { Finding } from '../model/inspection.js';
import { type DecodedObject, type InspectionContext, type Observation, Observations } from '../model/decoded.js';
import { UploadRefusedError } from '../model/budget.js';
import { isAuthority } from '../relations/certificate-node.js';
import type { Relations } from '../relations/relations.js';
import { findingKinds, rankOf } from '../model/catalogue.js';
import type { CertificateCheck, ObjectCheck, Setting } from './checks/check.js';
import { checkAskedServer } from './checks/asked-server.js';
import { checkAlternativeNames, checkIdentity, checkSubject } from './checks/names.js';
import {
  checkBundle,
  checkChain,
  checkDuplicate,
  checkIssuer,
  checkSignature,
  checkSignatureOfList,
  checkSignatureOfRequest,
} from './checks/chain.js';
import { checkCertificateSigningRequest, checkKey, checkSharedKey } from './checks/keys.js';
import { checkTrustOfKubeconfig } from './checks/kubeconfig.js';
import { checkNameConstraints } from './checks/name-constraints.js';
import { checkPurpose, useOf } from './checks/purpose.js';
import { isHabit } from '../x509/as-installed.js';
import { checkCertificateList, checkValidity } from './checks/validity.js';

const certificateChecks: readonly CertificateCheck[] = [
  checkValidity,
  checkSignature,
  checkIssuer,
  checkChain,
  checkNameConstraints,
  checkPurpose,
  checkSubject,
  checkAlternativeNames,
  checkSharedKey,
  checkBundle,
  checkAskedServer,
];

/** The most comparisons of names with name constraints in one upload. They take a tenth of a second or so. */
const maxComparisons = 1_000_000;

/**
 * The observations of all objects and the findings of all checks: the worst first, and in the order of the upload.
 * Throws `UploadRefusedError` where that would take too much work.
 */
export function findAll(
  objects: readonly DecodedObject[],
  relations: Relations,
  context: Pick<InspectionContext, 'now' | 'thresholds' | 'server' | 'offline'>,
): readonly Finding[] {
  let comparisons = 0;
  const spend = (): void => {
    if (++comparisons > maxComparisons)
      throw new UploadRefusedError(
        'TooMuchWork',
        `the upload asks for more than ${maxComparisons} comparisons of names`,
      );
  };
  const found = objects.flatMap((object) => {
    const observations = new Observations();
    observations.addAll(object.observations);
    check(object, { relations, context, report: observations.report, spend });
    return observations.toArray().map((observation) => findingOf(object, observation, context));
  });
  return found.sort((a, b) => rankOf(a.severity) - rankOf(b.severity));
}

function check(object: DecodedObject, setting: Setting): void {
  checkDuplicate(object, setting);
  const { content } = object;
  switch (content.type) {
    case 'Certificate':
      checkCertificate(object, setting);
      break;
    case 'CertificationRequest':
      checkSignatureOfRequest(object, setting);
      checkIdentity(object, setting);
      break;
    case 'CertificateList':
      checkSignatureOfList(object, setting);
      checkCertificateList(object, setting);
      break;
    case 'PublicKey':
    case 'PrivateKey':
      checkKey(object, setting);
      break;
    case 'CertificateSigningRequest':
      checkCertificateSigningRequest(object, setting);
      break;
    case 'Kubeconfig':
      checkTrustOfKubeconfig({ ...object, content }, setting);
      break;
    default:
  }
}

const checkCertificate: ObjectCheck = (object, setting) => {
  const { content, material } = object;
  const node = setting.relations.certificateOf(object);
  if (content.type !== 'Certificate' || material?.kind !== 'certificate' || node === undefined) return;
  const use = useOf(object, setting.relations);
  // A certificate that signs is meant for a CA although it does not say so; that is a finding of its own.
  const signs = material.keyUsage?.includes('keyCertSign') ?? setting.relations.hasSigned(node);
  const authority = isAuthority(material) || (material.basicConstraints === null && signs);
  const certificate = { object, content, material, node, use, authority };
  for (const checkOne of certificateChecks) checkOne(certificate, setting);
  checkIdentity(object, setting);
};

function findingOf(
  { path, content }: DecodedObject,
  { code: observed, message }: Observation,
  { offline = false }: Pick<InspectionContext, 'offline'>,
): Finding {
  const isInstalled = content.type === 'Certificate' && isHabit(observed, content);
  const lacksService = offline && observed === 'RequestNotAcceptable';
  const code = isInstalled ? 'AsInstalled' : lacksService ? 'RequestNotForKubepass' : observed;
  const { severity, advice, offlineAdvice, reference } = findingKinds[code];
  const next = offline ? offlineAdvice : advice;
  return { code, severity, object: path, message: sentence(message), advice: next, reference };
}

/** As a sentence that stands by itself. */
function sentence(message: string): string {
  const begun = /^[a-z]+ /.test(message) ? message.charAt(0).toUpperCase() + message.slice(1) : message;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
