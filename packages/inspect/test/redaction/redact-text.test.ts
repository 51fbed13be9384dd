// Tests packages/inspect/src/redaction/redact-text.ts
import { describe, expect, it } from 'vitest';
import { redactText, redactUrl } from '../../src/redaction/redact-text.js';

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl';

describe('redactText', () => {
  it.each([
    // Credentials of URLs
    ['https://jane:s3cret@a:6443/x', 'https://[redacted]@a:6443/x'],
    [' https://jane:s3cret@a', ' https://[redacted]@a'],
    ['HTTPS://s3cret@a', 'HTTPS://[redacted]@a'],
    ['https://jane:s3c@ret@a', 'https://[redacted]@a'],
    ['https://jane:my s3cret@a', 'https://[redacted]@a'],
    ['https://jane:s3/cret@a', 'https://[redacted]@a'],
    ['https://jane:s3?cret@a', 'https://[redacted]@a'],
    ['https://jane:s3#cret@a', 'https://[redacted]@a'],
    ['https://jane:s3cret', 'https://jane:[redacted]'],
    ['https://jane:12s3cret/x', 'https://jane:[redacted]/x'],
    ['https://jane:s3cret@a:b', 'https://[redacted]'],
    ['https://jane:s3cret@[::1]:6443', 'https://[redacted]@[::1]:6443'],
    ['//jane:s3cret@a', '//[redacted]@a'],
    ['postgres://jane:s3cret@db/x and https://bob:s3cret@a', 'postgres://[redacted]@db/x and https://[redacted]@a'],
    // Queries
    ['https://a/x?token=s3cret&b=c', 'https://a/x?[redacted]'],
    ['https://a?s3cret', 'https://a?[redacted]'],
    ['https://a?X-Amz-Signature=s3cret', 'https://a?[redacted]'],
    ['https://a#access_token=s3cret&b=c', 'https://a#access_token=[redacted]'],
    // Headers
    ['Authorization: Bearer s3cret', 'Authorization: [redacted]'],
    ['authorization : Basic s3cret', 'authorization : [redacted]'],
    ['bearer s3cret', 'bearer [redacted]'],
    ['Bearer%20s3cret', 'Bearer%20[redacted]'],
    ['BASIC   czNjcmV0', 'BASIC   [redacted]'],
    ['X-Vault-Token: s3cret', 'X-Vault-Token: [redacted]'],
    ['Cookie: a=s3cret; b=s3cret', 'Cookie: [redacted]'],
    // Names
    ['password=s3cret and more s3cret', 'password=[redacted]'],
    ['the clientSecret = s3cret', 'the clientSecret = [redacted]'],
    ['{"user":"jane","password":"s3cret"}', '{"user":"jane","password":[redacted]'],
    ["{'api_key' : 's3cret'}", "{'api_key' : [redacted]"],
    ['token%3Ds3cret', 'token%3D[redacted]'],
    ['token-file=/var/token, password=s3cret', 'token-file=/var/token, password=[redacted]'],
    // Tokens
    [jwt, '[redacted]'],
    [`my ${jwt} here`, 'my [redacted] here'],
    [jwt.slice(0, 30), '[redacted]'],
    [`kubepass_${'s3cret-'.repeat(6)}x`, '[redacted]'],
    ['sha256~s3crets3cret', '[redacted]'],
    ['k8s-aws-v1.aHR0cHM6Ly9zdHM', '[redacted]'],
    ['ghp_s3crets3cret', '[redacted]'],
    // Keys
    ['a -----BEGIN EC PRIVATE KEY-----\ns3cret\n-----END EC PRIVATE KEY-----\n', 'a [redacted]'],
    [Buffer.from('-----BEGIN PRIVATE KEY-----\ns3cret').toString('base64'), '[redacted]'],
  ])('shows %s as %s', (text, shown) => {
    expect(redactText(text)).toBe(shown);
    expect(redactText(text)).not.toContain('s3cret');
  });

  it.each([
    'jane',
    'jane@demo',
    'oidc:jane@corp.example',
    'https://accounts.google.com#jane@corp.example',
    'system:serviceaccount:auth:token-cleaner',
    'arn:aws:eks:eu-west-1:123456789012:cluster/prod',
    'gke_my-project_europe-west1-b_prod',
    'https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com',
    'https://auth.example:6443/k8s/clusters/c-m-x1y2z3',
    'https://token-service:8443',
    'https://a/path@b',
    'https://[::1]:6443/a@b',
    'https://[fe80::1%25eth0]:6443',
    'https://10.0.0.1:6443',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    'C:\\Users\\jane\\password.txt',
    'kubeadm:cluster-admins',
    'basic',
    'given',
    '',
  ])('leaves %s as it is', (text) => {
    expect(redactText(text)).toBe(text);
  });
});

describe('redactUrl', () => {
  it.each([
    ['jane:s3cret@a:6443', '[redacted]@a:6443'],
    ['s3cret:x@a', '[redacted]@a'],
    ['https:jane:s3cret@a', '[redacted]@a'],
    ['https:/jane:s3cret@a', 'https:/[redacted]@a'],
    ['https:\\\\jane:s3cret@a', 'https:\\\\[redacted]@a'],
    ['https:/\t/jane:s3cret@a', 'https:/\t/[redacted]@a'],
    ['\n https://jane:s3cret@a', '\n https://[redacted]@a'],
    [' \u00a0jane:s3cret@a', ' \u00a0[redacted]@a'],
  ])('shows %j as %j', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  it('hides no server that a URL connects to', () => {
    for (const url of ['https://evil.example/@ours', 'https://evil.example:6443/x@ours', 'https://evil.example#@ours'])
      expect(redactUrl(url)).toBe(url);
    expect(redactUrl('https://evil.example?@ours')).toBe('https://evil.example?[redacted]');
  });
});
