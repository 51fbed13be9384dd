// Tests src/http/hooks/request-input.ts
import { describe, expect, it } from 'vitest';
import { negotiate, negotiateCoding } from '../../../../src/http/hooks/request-input.js';

const certificate = ['application/pem-certificate-chain', 'application/json', 'text/plain', 'application/pkix-cert'];
const [pem, json, text, der] = certificate;

describe('negotiate', () => {
  it.each([
    [undefined, pem],
    ['', pem],
    ['*/*', pem],
    ['application/*', pem],
    ['application/json', json],
    ['APPLICATION/JSON', json],
    ['application/json; charset=utf-8', json],
    ['text/*', text],
    ['text/plain, application/json', json],
    ['text/plain;q=0.9, application/json;q=0.8', text],
    ['application/json;q=0.5, */*;q=0.1', json],
    ['application/json, text/plain, */*', pem],
    ['*/*, application/pem-certificate-chain;q=0', json],
    ['application/*;q=0.2, application/pkix-cert', der],
    ['*/*;q=1, text/*;q=0', pem],
    ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', pem],
    ['nonsense, application/json', json],
    ['application/json;level=1;q=0.4, text/plain;q=0.5', text],
    ['text/html', null],
    ['text/plain;q=0', null],
    ['*/*;q=0', null],
    ['*/*;q=0.0', null],
    ['text/plain;q=2', null],
    ['text/plain;q=', null],
    ['*/json', null],
    ['nonsense', null],
  ])('Accept: %s gives %s', (accept, expected) => expect(negotiate(accept, certificate)).toBe(expected));
});

describe('the coding of a body', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['GZIP', 'gzip'],
    ['deflate, zstd', 'identity'],
    ['br;q=0.5, gzip', 'gzip'],
    ['br ; q=0.5 , gzip ; q=0.5', 'br'],
    ['br;q=0, gzip;q=0.001', 'gzip'],
    ['br;q=0, gzip;q=0', 'identity'],
    ['*', 'br'],
    ['*, br;q=0', 'gzip'],
    ['*;q=0', 'identity'],
    ['identity, br;q=0.5', 'identity'],
    ['identity;q=0.5, br', 'br'],
    ['identity;q=0', 'identity'],
    ['br;q=2, gzip;q=', 'identity'],
    ['brotli', 'identity'],
    [',;,', 'identity'],
  ])('Accept-Encoding: %s gives %s', (accept, expected) =>
    expect(negotiateCoding(accept, ['br', 'gzip'])).toBe(expected),
  );

  it('is none where the answer has no other form', () => expect(negotiateCoding('br, *', [])).toBe('identity'));
});
