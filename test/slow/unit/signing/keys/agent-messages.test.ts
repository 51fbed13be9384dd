// Tests src/signing/keys/agent-messages.ts
import { describe, expect, it } from 'vitest';
import { MessageReader, mostMessageOctets, sshString } from '../../../../../src/signing/keys/agent-messages.js';
import { cpuMilliseconds } from '../../../../helpers/cpu-milliseconds.js';

/** Reads pieces one after the other. */
function readPieces(pieces: readonly Buffer[]): { readonly messages: readonly Buffer[]; readonly isAmid: boolean } {
  const reader = new MessageReader();
  // Copied, because a message is a view of its pieces.
  const messages = pieces.flatMap((piece) => [...reader.read(Buffer.from(piece))].map((one) => Buffer.from(one)));
  return { messages, isAmid: reader.isAmid };
}

describe('messages of an agent', () => {
  it('are read in time that grows with their length, in the smallest pieces too', () => {
    const stream = sshString(Buffer.alloc(mostMessageOctets));
    const began = cpuMilliseconds();
    expect(readPieces([...stream].map((octet) => Buffer.of(octet))).messages).toHaveLength(1);
    expect(cpuMilliseconds() - began).toBeLessThan(5000);
  });
});
