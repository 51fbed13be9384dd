import type { FindingCode } from '@kubepass/inspect';
import type { Loadable } from './loading.js';

/**
 * The findings that say that an object is not what a reader expects. No other error counts where Go refuses to parse
 * something: a mutant nearly always has a wrong signature, too, and that would hide all else.
 */
export const refusals: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'DuplicateExtension',
  'DuplicatePolicy',
  'ExplicitCurveParameters',
  'ExtensionWronglyCritical',
  'MalformedExtension',
  'MalformedObject',
  'MalformedString',
  'NonDerEncoding',
  'NonMinimalEncoding',
  'NotLoadable',
  'PrivateKeyInvalid',
  'PublicKeyInvalid',
  'SerialNumberNotPositive',
  'SignatureAlgorithmsDiffer',
  'TrailingData',
  'VersionContradictory',
  'WeakEllipticCurve',
]);

/** Something that Go refuses, and that has no error on purpose. */
export interface Acceptance {
  readonly what: string;
  readonly reason: string;
  readonly concerns: (loadable: Loadable) => boolean;
}

export const acceptedOnPurpose: readonly Acceptance[] = [
  {
    what: 'an encrypted private key',
    reason: 'It is a healthy way to keep a key, and PrivateKeyLocked says that its password was not given.',
    concerns: ({ content }) => content.type === 'PrivateKey' && content.encrypted,
  },
  {
    what: 'a private key in the format of OpenSSH',
    reason: 'It is meant for SSH: OpenSshKey says that TLS software does not read it.',
    concerns: ({ content }) => content.type === 'PrivateKey' && content.encoding === 'OpenSSH',
  },
  {
    what: 'TRUSTED CERTIFICATE of OpenSSL, with the purposes that it is trusted for behind it',
    reason: 'Kubernetes passes over PEM blocks of that label.',
    concerns: ({ label }) => label === 'TRUSTED CERTIFICATE',
  },
];
