import { readFileSync } from 'node:fs';

import type { Piece } from '../../src/model/decoded.js';
import type { Budget, DecodeContext } from '../../src/model/budget.js';

/** The password of all fixtures that have one. */
export const PASSWORD = 'correct horse';

const BLOCK = /-----BEGIN ([^-]+)-----\r?\n((?:[A-Za-z-]+: [^\n]*\n)*)\n?([A-Za-z0-9+/=\s]+)-----END/;

/** A fixture as a piece: of its first PEM block, or of its octets where it is no text. */
export function fixture(name: string): Piece {
  const file = readFileSync(new URL(`fixtures/${name}`, import.meta.url));
  const [, label = '', headers = '', base64 = ''] = BLOCK.exec(file.toString('latin1')) ?? [];
  if (label === '') return pieceOf(file);
  return {
    path: 'upload',
    bytes: Buffer.from(base64, 'base64'),
    label,
    headers: Object.fromEntries(
      headers
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(': ') as [string, string]),
    ),
  };
}

export const pieceOf = (bytes: Buffer, label: string | null = null): Piece => ({
  path: 'upload',
  bytes,
  label,
  headers: {},
});

/** A budget that counts what is asked of it. */
export class CountingBudget implements Budget {
  iterations = 0;
  octets = 0;

  constructor(private readonly maxIterations = 1_000_000) {}

  spendOctets(octets: number): void {
    this.octets += octets;
  }

  spendObject(): void {}

  mayDerive(iterations: number): boolean {
    if (this.iterations + iterations > this.maxIterations) return false;
    this.iterations += iterations;
    return true;
  }

  mayVerify(): boolean {
    return true;
  }

  mayTestModulus(): boolean {
    return true;
  }
}

export const contextWith = (password: string | null, budget: Budget = new CountingBudget()): DecodeContext => ({
  now: new Date('2026-01-01T00:00:00Z'),
  password,
  budget,
});
