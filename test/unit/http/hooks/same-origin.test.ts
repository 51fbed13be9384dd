// Tests src/http/hooks/authentication.ts
import { describe, expect, it } from 'vitest';
import { whyNotSameOrigin } from '../../../../src/http/hooks/authentication.js';

const origin = 'https://kubepass.example';
const json = { 'content-type': 'application/json', 'content-length': '2' };
const form = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '3' };

/** A form of a page with the policy `no-referrer`. */
const fromForm = { origin: 'null', 'content-type': 'multipart/form-data; boundary=x', 'content-length': '3' };

const isTaken = (method: string, headers: Readonly<Record<string, string>>) =>
  whyNotSameOrigin({ method, headers }, origin) === null;

describe('a call with the cookie of a session', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('may come from anywhere with %s', (method) => {
    expect(isTaken(method, {})).toBe(true);
    expect(isTaken(method, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })).toBe(true);
  });

  it.each([
    [true, 'from a page of ours', { 'sec-fetch-site': 'same-origin', ...json }],
    [true, 'from a page of ours, with its origin', { 'sec-fetch-site': 'same-origin', origin, ...json }],
    [true, 'from a page of ours, without a body', { 'sec-fetch-site': 'same-origin' }],
    [true, 'with a file from a page of ours', { 'sec-fetch-site': 'same-origin', ...form }],
    [
      true,
      'with a file from a page of ours that tells nobody where it is',
      { ...fromForm, 'sec-fetch-site': 'same-origin' },
    ],
    [false, 'with a file from an opaque origin of another site', { ...fromForm, 'sec-fetch-site': 'cross-site' }],
    [false, 'with a file from an opaque origin of the site', { ...fromForm, 'sec-fetch-site': 'same-site' }],
    [false, 'with a file from an opaque origin, and nothing else', fromForm],
    [false, 'from another site', { 'sec-fetch-site': 'cross-site', ...json }],
    [false, 'from another origin of the site', { 'sec-fetch-site': 'same-site', ...json }],
    [false, 'from the address bar', { 'sec-fetch-site': 'none', ...json }],
    [false, 'from another site that says our origin', { 'sec-fetch-site': 'cross-site', origin, ...json }],
    [false, 'with a value that nobody knows', { 'sec-fetch-site': 'Same-Origin', ...json }],
    [false, 'with two values', { 'sec-fetch-site': 'same-origin, same-origin', ...json }],
    [false, 'with an empty value', { 'sec-fetch-site': '', origin, ...json }],
    [false, 'that says nothing of where it comes from', json],
    [false, 'that says nothing, without a body', {}],
    [true, 'from our origin', { origin, ...json }],
    [true, 'from our origin, with a charset', { origin, 'content-type': 'application/json; charset=utf-8' }],
    [true, 'from our origin, without a body', { origin }],
    [true, 'from our origin, with an empty body', { origin, 'content-length': '0' }],
    [false, 'from another origin', { origin: 'https://evil.example', ...json }],
    [false, 'from our origin by http', { origin: 'http://kubepass.example', ...json }],
    [false, 'from our host on another port', { origin: `${origin}:8443`, ...json }],
    [false, 'from a host whose name begins as ours', { origin: `${origin}.evil.example`, ...json }],
    [false, 'from our origin with a slash', { origin: `${origin}/`, ...json }],
    [false, 'from an opaque origin', { origin: 'null', ...json }],
    [false, 'from our origin, with a form', { origin, ...form }],
    [false, 'from our origin, with a file', { origin, 'content-type': 'multipart/form-data; boundary=x' }],
    [false, 'from our origin, with a text', { origin, 'content-type': 'text/plain' }],
    [false, 'from our origin, with a text that names JSON', { origin, 'content-type': 'text/plain; application/json' }],
    [false, 'from our origin, with a type that begins as JSON', { origin, 'content-type': 'application/jsonp' }],
    [false, 'from our origin, with a body of no type', { origin, 'content-length': '2' }],
    [false, 'from our origin, with a stream of no type', { origin, 'transfer-encoding': 'chunked' }],
  ] as const)('is taken (%s) %s', (taken, _, headers) => {
    for (const method of ['POST', 'DELETE', 'PUT', 'PATCH', 'TRACE', 'post', 'get'])
      expect([method, isTaken(method, headers)]).toEqual([method, taken]);
  });
});
