import { describe, expect, it } from 'vitest';
import { negotiate } from '../../../../src/http/plugins/request-input.js';

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
