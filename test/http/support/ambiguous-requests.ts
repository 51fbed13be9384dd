/** The path of the request that hides. No other request of these tests asks for it. */
export const hiddenPath = '/v1/clusters';

/** A whole request, which stands where one parser sees the body of another request, and the other one does not. */
export const hidden = `GET ${hiddenPath} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Octets that two parsers could take for different requests. */
export interface Octets {
  readonly what: string;
  readonly octets: string;
}

const json = 'Content-Type: application/json\r\n';
const post = (fields: string, behind: string) =>
  `POST /v1/kubeconfigs HTTP/1.1\r\nHost: x\r\n${json}${fields}\r\n${behind}`;
const get = (fields: string, behind = hidden) => `GET /livez HTTP/1.1\r\nHost: x\r\n${fields}\r\n${behind}`;
const chunked = (behind: string) => post('Transfer-Encoding: chunked\r\n', behind);
const size = hidden.length;
const last = '0\r\n\r\n';

const lengths = ['+5', '-5', '0x5', '5 5', '5, 5', '"5"', '5.0', '', '18446744073709551621', '\v5'];
const codings = [
  ...['xchunked', 'identity', '"chunked"', 'chunked;q=1', '\vchunked', 'chunked, identity', 'identity, chunked'],
  ...['gzip, chunked', 'chunked, chunked', ',chunked', 'chunked,', '', '\r\n chunked'],
];
const hosts = ['x/y @z', 'x y', 'x,y', 'x@y', 'x:80:81', '[::1', 'x\t'];

/** These are answered 400 before anything of them counts, and their connection ends. */
export const refusedOctets: readonly Octets[] = [
  // RFC 9112 6.1 and 6.3: how long the body is.
  {
    what: 'CL.TE',
    octets: post(`Content-Length: ${String(size + 5)}\r\nTransfer-Encoding: chunked\r\n`, last + hidden),
  },
  {
    what: 'TE.CL',
    octets: post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `${size.toString(16)}\r\n${hidden}\r\n${last}`),
  },
  { what: 'TE with an empty body', octets: post('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', last + hidden) },
  ...lengths.map((length) => ({
    what: `Content-Length: ${JSON.stringify(length)}`,
    octets: post(`Content-Length: ${length}\r\n`, last + hidden),
  })),
  ...codings.map((coding) => ({
    what: `Transfer-Encoding: ${JSON.stringify(coding)}`,
    octets: post(`Transfer-Encoding: ${coding}\r\n`, last + hidden),
  })),
  ...['chunked', 'identity', 'x'].map((second) => ({
    what: `Transfer-Encoding: chunked, and another field with ${second}`,
    octets: post(`Transfer-Encoding: ${second}\r\nTransfer-Encoding: chunked\r\n`, last + hidden),
  })),
  { what: 'two equal lengths', octets: post('Content-Length: 5\r\nContent-Length: 5\r\n', last + hidden) },
  { what: 'two lengths', octets: post(`Content-Length: 5\r\nContent-Length: ${String(size)}\r\n`, last + hidden) },
  { what: 'a length behind a space', octets: post('Content-Length : 5\r\n', last + hidden) },
  { what: 'a coding behind a space', octets: post('Transfer-Encoding : chunked\r\n', last + hidden) },
  { what: 'a length on the next line', octets: post('Content-Length:\r\n 5\r\n', last + hidden) },
  {
    what: 'chunks of HTTP/1.0',
    octets: `POST /v1/kubeconfigs HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n${json}Transfer-Encoding: chunked\r\n\r\n${last}${hidden}`,
  },
  // RFC 9112 2.2 and 5: where a line and where a field ends.
  { what: 'a line that LF ends', octets: get('X-A: b\nX-C: d\r\n') },
  { what: 'a length behind a bare LF', octets: get(`X-A: b\nContent-Length: ${String(size)}\r\n`) },
  { what: 'a length behind a bare CR', octets: get(`X-A: b\rContent-Length: ${String(size)}\r\n`) },
  { what: 'lines that LF ends', octets: `GET /livez HTTP/1.1\nHost: x\n\n${hidden}` },
  { what: 'a head that LF ends', octets: `GET /livez HTTP/1.1\r\nHost: x\r\n\n${hidden}` },
  { what: 'CR CR LF', octets: get('X-A: b\r\r\n') },
  { what: 'a field over two lines', octets: get('X-A: b\r\n c\r\n') },
  { what: 'a field that begins with a space', octets: `GET /livez HTTP/1.1\r\n Host: x\r\nHost: x\r\n\r\n${hidden}` },
  { what: 'NUL in a value', octets: get('X-A: b\0c\r\n') },
  { what: 'NUL in a name', octets: get('X-\0A: b\r\n') },
  { what: 'a space in a name', octets: get('X A: b\r\n') },
  { what: 'a field without a name', octets: get(': b\r\n') },
  { what: 'a field without a colon', octets: get('XA\r\n') },
  // RFC 9112 3: the request line.
  ...['HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/3.9', 'HTTP/01.1', 'http/1.1', 'HTTP/1.1 '].map((version) => ({
    what: `the version ${JSON.stringify(version)}`,
    octets: `GET /livez ${version}\r\nHost: x\r\n\r\n${hidden}`,
  })),
  { what: 'no version', octets: `GET /livez\r\n\r\n${hidden}` },
  ...['/livez /x', '/livez#x', '/livez\0', '/livez\xe9', '\\livez', 'livez', 'http:/livez'].map((target) => ({
    what: `the target ${JSON.stringify(target)}`,
    octets: `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
  })),
  { what: 'the preface of HTTP/2', octets: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  // RFC 9112 3.2: whom it is for.
  { what: 'no Host', octets: `GET /livez HTTP/1.1\r\n\r\n${hidden}` },
  { what: 'two hosts', octets: get('Host: y\r\n') },
  { what: 'the same Host twice', octets: get('Host: x\r\n') },
  ...hosts
    .filter((host) => host !== 'x\t')
    .map((host) => ({
      what: `Host: ${host}`,
      octets: `GET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n${hidden}`,
    })),
];

/**
 * The size of a chunk, or the end of one, is not readable (RFC 9112 7.1). The head was readable, so the answer may have
 * begun.
 */
export const brokenChunks: readonly Octets[] = [
  ...[
    '5;a\nb\r\n',
    '5;a\rb\r\n',
    '5;a="\r\n',
    '2;\nxx\r\n',
    '5 ;a\r\n',
    '5 \r\n',
    '5\t\r\n',
    '5\n',
    '5\r',
    '0x5\r\n',
    '+5\r\n',
    '-5\r\n',
  ].map((line) => ({
    what: `the line ${JSON.stringify(line)} before a chunk`,
    octets: chunked(`${line}{"a":\r\n${last}${hidden}`),
  })),
  ...['10000000000000005\r\n', '\r\n', ' 5\r\n'].map((line) => ({
    what: `the line ${JSON.stringify(line)} before a chunk`,
    octets: chunked(`${line}{"a":\r\n${last}${hidden}`),
  })),
  ...['\n', '', 'XX', '\r'].map((end) => ({
    what: `a chunk that ${JSON.stringify(end)} ends`,
    octets: chunked(`5\r\n{"a":${end}${last}${hidden}`),
  })),
  { what: 'the last chunk with LF', octets: chunked(`0\n\n${hidden}`) },
  { what: 'the end of the trailer with LF', octets: chunked(`0\r\n\n${hidden}`) },
  ...[`Content-Length: ${String(size)}`, 'Transfer-Encoding: chunked'].map((field) => ({
    what: `${field} as a trailer`,
    octets: chunked(`0\r\n${field}\r\n\r\n${hidden}`),
  })),
];

const body = (method: string, path: string, fields = '') => ({
  what: `${method} ${path} with a body${fields && ` and ${fields.trim()}`}`,
  octets: `${method} ${path} HTTP/1.1\r\nHost: x\r\n${fields}Content-Length: ${String(size)}\r\n\r\n${hidden}`,
});

/**
 * The hidden request is the body of one that is answered before its body is read, and not even looked at. It stays its
 * body.
 */
export const unreadBodies: readonly Octets[] = [
  ...['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'PROPFIND', 'QUERY'].map((method) =>
    body(method, '/livez'),
  ),
  body('GET', '/v1/whoami'),
  body('DELETE', '/v1/api-tokens/x'),
  body('POST', '/v1/kubeconfigs', json),
  body('POST', '/v1/kubeconfigs', 'Accept: text/x\r\n'),
  body('POST', '/v1/kubeconfigs', 'Content-Type: text/x\r\n'),
  body('POST', '/v1/inspections', 'Content-Type: multipart/form-data\r\n'),
  body('POST', '/scim/v2/Users', 'Content-Type: application/scim+json\r\n'),
  body('POST', '/v1/login/nobody', json),
  body('POST', '/nothing', json),
  body('GET', '/v1/certificates/%zz'),
  body('GET', '/livez', 'Expect: 100-continue\r\n'),
  body('POST', '/v1/kubeconfigs', `${json}Expect: 100-continue\r\n`),
  body('POST', '/v1/kubeconfigs', `${json}Expect: y 100-continue\r\n`),
  body('POST', '/v1/kubeconfigs', `${json}Expect: something\r\n`),
  body('GET', '/livez', 'Content_Length: 0\r\nTransfer_Encoding: chunked\r\n'),
  body('GET', '/livez', 'Connection: Content-Length\r\n'),
  {
    what: 'chunks with an extension and a trailer',
    octets: chunked(`${size.toString(16)};a=b\r\n${hidden}\r\n0;c\r\nX-A: b\r\n\r\n`),
  },
  {
    what: 'chunks after a tab',
    octets: post('Transfer-Encoding:\tChunked\r\n', `00${size.toString(16)}\r\n${hidden}\r\n${last}`),
  },
  {
    what: 'GET with chunks',
    octets: get('Transfer-Encoding: chunked\r\n', `${size.toString(16)}\r\n${hidden}\r\n${last}`),
  },
];

/** Each asks, by Upgrade or CONNECT, that what follows is not HTTP/1.1 (RFC 9110 7.8 and 9.3.6). */
export const otherProtocols: readonly Octets[] = [
  {
    what: 'h2c',
    octets: get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
  },
  {
    what: 'WebSocket',
    octets: get(
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n',
    ),
  },
  { what: 'an Upgrade that no Connection names', octets: get('Upgrade: h2c\r\n') },
  { what: 'CONNECT', octets: `CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n${hidden}` },
];

/** Two plain requests, the second of which is the one for the hidden path: only what is before them is unusual. */
export const plainRequests: readonly Octets[] = [
  { what: 'an absolute target of another host', octets: `GET http://evil/livez HTTP/1.1\r\nHost: x\r\n\r\n${hidden}` },
  { what: 'OPTIONS *', octets: `OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n${hidden}` },
  { what: 'HTTP/1.0 that stays open', octets: `GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${hidden}` },
  { what: 'empty lines first', octets: `\r\n\r\n${get('')}` },
  ...[
    '//v1/clusters',
    '/v1/../v1/clusters',
    '/v1/%2e%2e/v1/clusters',
    '/V1/CLUSTERS',
    '/v1/clusters/',
    '/v1//clusters',
    '/v1/clusters;x',
    '/v1/clusters%00',
  ].map((target) => ({
    what: `the target ${target}`,
    octets: `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
  })),
];
