import type { FindingCode } from '@kubepass/inspect';

/** A finding that zlint knows, too. */
export interface SharedCode {
  readonly code: FindingCode;
  /** At least one of these raises where the finding is, and none where it is not. */
  readonly lints: readonly string[];
  readonly disagreements?: readonly Disagreement[];
}

export interface Disagreement {
  /** The one that raises it alone. */
  readonly alone: 'zlint' | 'kubepass';
  /** The fixtures with such certificates; `self-issued` for all that name themselves as their issuer. */
  readonly fixtures: readonly string[] | 'self-issued';
  readonly reason: string;
}

export const sharedCodes: readonly SharedCode[] = [
  { code: 'BasicConstraintsNotCritical', lints: ['e_basic_constraints_not_critical'] },
  {
    code: 'EmptySubject',
    lints: ['e_ca_subject_field_empty', 'e_ext_san_not_critical_without_subject', 'e_subject_empty_without_san'],
  },
  { code: 'EmptyIssuer', lints: ['e_issuer_field_empty'] },
  { code: 'UniqueIdentifierPresent', lints: ['e_cert_contains_unique_identifier'] },
  {
    code: 'VersionContradictory',
    lints: ['e_cert_extensions_version_not_3', 'e_cert_unique_identifier_version_not_2_or_3'],
  },
  {
    code: 'DnsNameUnmatchable',
    lints: [
      'e_rfc_dnsname_empty_label',
      'e_rfc_dnsname_label_too_long',
      'e_ext_san_dns_name_too_long',
      'e_ext_san_dns_not_ia5_string',
      'e_ext_san_space_dns_name',
      'e_san_bare_wildcard',
      'e_san_dns_name_includes_null_char',
      'e_san_dns_name_starts_with_period',
      'e_san_wildcard_not_first',
      'e_dnsname_bad_character_in_label',
      'e_dnsname_wildcard_only_in_left_label',
      'e_dnsname_left_label_wildcard_correct',
      'e_dnsname_empty_label',
      'e_dnsname_label_too_long',
      'e_underscore_not_permissible_in_dnsname',
      'w_rfc_dnsname_underscore_in_trd',
    ],
    disagreements: [
      {
        alone: 'zlint',
        fixtures: ['kubelet-serving', 'layout-openshift', 'healthy-kubeadm', 'layout-lesser-roles'],
        reason: 'zlint looks at the common name, too, such as system:node:worker-1. Clients do not read it.',
      },
      {
        alone: 'zlint',
        fixtures: ['dns-names-of-all-kinds'],
        reason: 'Public CAs may not write underscores. Go matches them, and clusters have names with them.',
      },
    ],
  },
  {
    code: 'ExtensionWronglyCritical',
    lints: [
      'e_ext_aia_marked_critical',
      'e_ext_authority_key_identifier_critical',
      'e_ext_freshest_crl_marked_critical',
      'e_ext_subject_directory_attr_critical',
      'e_ext_subject_key_identifier_critical',
      'e_subject_info_access_marked_critical',
    ],
  },
  {
    code: 'ExtensionNotCritical',
    lints: [
      'e_ext_name_constraints_not_critical',
      'e_ext_policy_constraints_not_critical',
      'e_inhibit_any_policy_not_critical',
    ],
  },
  {
    code: 'CriticalityUnusual',
    lints: [
      'w_ext_crl_distribution_marked_critical',
      'w_ext_ian_critical',
      'w_ext_key_usage_not_critical',
      'w_ext_policy_map_not_critical',
      'w_ext_san_critical_with_subject_dn',
    ],
  },
  {
    code: 'ConstraintInLeaf',
    lints: ['e_ext_name_constraints_not_in_ca'],
    disagreements: [
      {
        alone: 'kubepass',
        fixtures: ['policy-constraints-in-a-leaf', 'openssl-3.5/ext-pc.crt.pem', 'openssl-3.5/ext-pm.crt.pem'],
        reason:
          'zlint looks at name constraints alone, and RFC 5280 4.2.1.5 and 4.2.1.11 say the same of policy mappings and ' +
          'policy constraints.',
      },
    ],
  },
  { code: 'DuplicatePolicy', lints: ['e_ext_cert_policy_duplicate'] },
  {
    code: 'RsaPssParametersUnusable',
    lints: ['e_mp_rsassa-pss_parameters_encoding_in_signature_algorithm_correct'],
  },
  {
    code: 'KeyUsageNotForKey',
    lints: ['e_ecdsa_allowed_ku'],
    disagreements: [
      {
        alone: 'kubepass',
        fixtures: ['layout-talos'],
        reason: 'zlint looks at ECDSA keys alone, and RFC 8410 5 says the same of Ed25519.',
      },
      {
        alone: 'zlint',
        fixtures: [
          'healthy-k3s',
          'k3s-client-ca',
          'k3s-server-ca',
          'kubeconfig-several-contexts',
          'layout-k3s',
          'layout-kops',
          'layout-lesser-roles',
          'layout-openshift',
          'layout-rke2',
          'layout-talos',
          'unhealthy-folder',
        ],
        reason: 'kubeadm and k3s make such CAs, which are AsInstalled.',
      },
    ],
  },
  { code: 'DuplicateExtension', lints: ['e_ext_duplicate_extension'] },
  {
    code: 'KeyUsageContradictory',
    lints: ['e_ext_key_usage_cert_sign_without_ca', 'e_key_usage_and_extended_key_usage_inconsistent'],
    disagreements: [
      {
        alone: 'zlint',
        fixtures: ['encipherment-with-ecdsa', 'kubeadm-kubernetes', 'user-rsa'],
        reason:
          'zlint takes every key usage that does not go with the purpose for wrong. RFC 5280 4.2.1.12 asks for one that ' +
          'does, and kubeadm writes keyEncipherment into all its client certificates.',
      },
      {
        alone: 'zlint',
        fixtures: [
          'ca-without-basic-constraints',
          'issuer-without-basic-constraints',
          'openssl-3.5/ext-ku-all.crt.pem',
        ],
        reason: 'It is meant for a CA and says so nowhere else: the finding is BasicConstraintsMissing.',
      },
      {
        alone: 'kubepass',
        fixtures: ['issuer-may-not-sign'],
        reason: 'zlint misses keyCertSign only in CAs of public servers.',
      },
    ],
  },
  {
    code: 'PathLengthWithoutCa',
    lints: ['e_path_len_constraint_improperly_included'],
    disagreements: [
      {
        alone: 'zlint',
        fixtures: ['malformed-extension'],
        reason:
          'Its basic constraints are an INTEGER, which zlint takes for a path length: the finding is MalformedExtension.',
      },
      {
        alone: 'zlint',
        fixtures: ['openssl-3.5/ext-bc-pathlen.crt.pem'],
        reason: 'It is a CA with a path length and without key usage: the finding is KeyUsageMissing.',
      },
    ],
  },
  { code: 'SubjectKeyIdentifierMissing', lints: ['e_ext_subject_key_identifier_missing_ca'] },
  {
    code: 'AuthorityKeyIdentifierMissing',
    lints: ['e_ext_authority_key_identifier_no_key_identifier'],
    disagreements: [
      {
        alone: 'zlint',
        fixtures: 'self-issued',
        reason: 'Nobody looks for the issuer by an identifier where it names itself (RFC 5280 4.2.1.1).',
      },
      { alone: 'zlint', fixtures: ['version-1'], reason: 'Version 1 has no extensions: the finding is VersionNotV3.' },
    ],
  },
  { code: 'SerialNumberTooLong', lints: ['e_serial_number_longer_than_20_octets'] },
  {
    code: 'SerialNumberNotPositive',
    lints: ['e_serial_number_not_positive'],
    disagreements: [
      {
        alone: 'zlint',
        fixtures: ['healthy-k3s'],
        reason: 'k3s gives 0 to its roots. Nothing looks a root up by its number.',
      },
    ],
  },
  { code: 'SignatureAlgorithmsDiffer', lints: ['e_cert_sig_alg_not_match_tbs_sig_alg'] },
  { code: 'ValidityInverted', lints: ['e_validity_time_not_positive'] },
  {
    code: 'ValidityEncodedWrong',
    lints: [
      'e_generalized_time_does_not_include_seconds',
      'e_generalized_time_includes_fraction_seconds',
      'e_generalized_time_not_in_zulu',
      'e_utc_time_does_not_include_seconds',
      'e_utc_time_not_in_zulu',
      'e_wrong_time_format_pre2050',
    ],
  },
];
