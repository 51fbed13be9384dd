// Tests scripts/release/provenance.ts
import { describe, expect, it } from 'vitest';
import { parseBaseUrl } from '../../../../scripts/release/provenance.js';

describe('a URL to which paths are appended', () => {
  it.each([
    ['https://git.example/team/kubepass', 'https://git.example/team/kubepass'],
    ['https://git.example/team/kubepass/', 'https://git.example/team/kubepass'],
    ['http://127.0.0.1:8000/', 'http://127.0.0.1:8000'],
  ])('is read: %s', (text, url) => {
    expect(parseBaseUrl(text, '--downloads')).toBe(url);
  });

  it.each([
    '',
    'git.example/team/kubepass',
    'git@git.example:team/kubepass',
    'ssh://git.example/team/kubepass',
    'https://somebody:secret@git.example/kubepass',
    'https://git.example/kubepass?x',
    'https://git.example/kubepass#',
    'https://git.example/kube pass',
  ])('is refused: "%s"', (text) => {
    expect(() => parseBaseUrl(text, '--downloads')).toThrow('--downloads is');
  });
});
