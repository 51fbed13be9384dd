// Tests src/signing/keys/agent-messages.ts, src/signing/keys/ssh-keys.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MessageReader,
  mostMessageOctets,
  readIdentities,
  readSignResponse,
  SshReader,
  sshString,
} from '../../../../src/signing/keys/agent-messages.js';
import { readSshKey, sshKey } from '../../../../src/signing/keys/ssh-keys.js';
import { propertyRuns } from '../../../helpers/property-runs.js';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';

const octets = (most: number) => fc.uint8Array({ minLength: 1, maxLength: most }).map((array) => Buffer.from(array));

/** Reads pieces one after the other. */
function readPieces(pieces: readonly Buffer[]): { readonly messages: readonly Buffer[]; readonly isAmid: boolean } {
  const reader = new MessageReader();
  // Copied, because a message is a view of its pieces.
  const messages = pieces.flatMap((piece) => [...reader.read(Buffer.from(piece))].map((one) => Buffer.from(one)));
  return { messages, isAmid: reader.isAmid };
}

function cut(stream: Buffer, places: readonly number[]): readonly Buffer[] {
  const at = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, i) => stream.subarray(start, at[i] ?? stream.length));
}

describe('messages of an agent', () => {
  it('are the same, however they are cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(octets(50), { maxLength: 8 }), fc.array(fc.nat(500), { maxLength: 20 }), (sent, places) => {
        const stream = Buffer.concat(sent.map(sshString));
        expect(readPieces(cut(stream, places))).toEqual({ messages: sent, isAmid: false });
        // One octet at a time, and cut off.
        const [half] = [stream.subarray(0, Math.floor(stream.length / 2))];
        const one = readPieces([...half].map((octet) => Buffer.of(octet)));
        expect(one.messages).toEqual(sent.slice(0, one.messages.length));
        expect(one.isAmid).toBe(Buffer.concat(one.messages.map(sshString)).length < half.length);
      }),
      { numRuns: propertyRuns(2000) },
    );
  });

  it('may have 256 KiB and no octet more, and at least one', () => {
    const longest = Buffer.alloc(mostMessageOctets);
    expect(readPieces([sshString(longest)]).messages).toEqual([longest]);
    const length = (number: number) => {
      const field = Buffer.alloc(4);
      field.writeUInt32BE(number);
      return field;
    };
    for (const refused of [0, mostMessageOctets + 1, 2 ** 32 - 1])
      expect(() => readPieces([length(refused)])).toThrow(RangeError);
  });

  it('are what they should be, or a RangeError', () => {
    const types = fc.constantFrom(5, 12, 14, 0, 255);
    const answers = fc.oneof(
      octets(60),
      fc.tuple(types, octets(60)).map(([type, rest]) => Buffer.concat([Buffer.of(type), rest])),
      fc.tuple(types, octets(60)).map(([type, rest]) => Buffer.concat([Buffer.of(type), sshString(rest)])),
    );
    fc.assert(
      fc.property(answers, (answer) => {
        for (const read of [readIdentities, readSignResponse])
          try {
            read(answer);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
      }),
      { numRuns: propertyRuns(5000) },
    );
  });

  it('name identities, however many they claim', () => {
    const claim = Buffer.from([12, 0xff, 0xff, 0xff, 0xff]);
    expect(() => readIdentities(claim)).toThrow(RangeError);
    expect(readIdentities(Buffer.from([12, 0, 0, 0, 0]))).toEqual([]);
    expect(() => readIdentities(Buffer.from([12, 0, 0, 0, 0, 0]))).toThrow('too many');
    expect(readIdentities(Buffer.of(5))).toBeNull();
    expect(() => readSignResponse(Buffer.of(5, 5))).toThrow(RangeError);
  });
});

describe('a number of SSH', () => {
  it.each([
    ['0', ''],
    ['0 in one octet', '00'],
    ['a negative one', '80'],
    ['one with a leading zero', '0001'],
    ['one with two', '000080'],
  ])('is positive and in its shortest form: not %s', (_, hex) => {
    expect(() => new SshReader(sshString(Buffer.from(hex, 'hex'))).positive()).toThrow(RangeError);
  });

  it('loses the zero that stands for its sign', () => {
    expect(new SshReader(sshString(Buffer.from('0080', 'hex'))).positive()).toEqual(Buffer.from('80', 'hex'));
    expect(new SshReader(sshString(Buffer.from('7f', 'hex'))).positive()).toEqual(Buffer.from('7f', 'hex'));
  });
});

describe('a public key of SSH', () => {
  const keys = [
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('rsa', { modulusLength: 3072, publicExponent: 3 }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ec', { namedCurve: 'P-521' }),
    generateKeyPairSync('ed25519'),
  ].map(({ privateKey }) => createPublicKey(privateKey));

  it('is read back as the key that it is', () => {
    for (const key of keys) expect(readSshKey(sshKey(key).blob)?.publicKey.equals(key)).toBe(true);
  });

  it('is none where an octet is another one, or another key', () => {
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.nat(600), fc.integer({ min: 1, max: 255 }), (key, at, change) => {
        const { blob } = sshKey(key);
        const mutant = Buffer.from(blob);
        mutant.writeUInt8(mutant.readUInt8(at % blob.length) ^ change, at % blob.length);
        expect(readSshKey(mutant)?.publicKey.equals(key) ?? false).toBe(false);
      }),
      { numRuns: propertyRuns(2000) },
    );
    for (const key of keys) expect(readSshKey(Buffer.concat([sshKey(key).blob, Buffer.of(0)]))).toBeNull();
    expect(readSshKey(sshString('ssh-dss'))).toBeNull();
    expect(() => sshKey(generateKeyPairSync('x25519').publicKey)).toThrow(RangeError);
  });
});
