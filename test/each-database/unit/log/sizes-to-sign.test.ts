// Tests src/log/archive-events.ts
import { describe, expect, it } from 'vitest';
import { endOfArchive, mayHaveAnotherRoot } from '../../../../src/log/archive-events.js';

const restored = (events: number, signedEvents: number | null, detectedBy: 'command' | 'checkpoint' = 'command') => ({
  ...{ detectedBy, events, signedEvents },
});

describe('a size', () => {
  it('may have another root where it was signed after the backup and before the restore', () => {
    const forbidden = (size: number) => mayHaveAnotherRoot(size, [restored(100, 200), restored(300, 400)]);
    expect([100, 101, 200, 201, 300, 301, 400, 401].map(forbidden)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
      true,
      false,
    ]);
    expect(mayHaveAnotherRoot(150, [restored(100, null)])).toBe(false);
  });

  it('may have another root where the log went on before the restore was noticed', () => {
    const forbidden = (size: number) => mayHaveAnotherRoot(size, [restored(500, 400, 'checkpoint')]);
    expect([1, 400, 401].map(forbidden)).toEqual([true, true, false]);
    // A checkpoint that still fits forbids nothing.
    expect(mayHaveAnotherRoot(300, [restored(500, 400)])).toBe(false);
  });
});

describe('the end of an archive', () => {
  const end = (after: number, wished: number, most: number, ...all: Parameters<typeof endOfArchive>[1]) =>
    endOfArchive({ after, wished, most }, all);

  it('is a complete tile, within the file and the log', () => {
    expect(end(0, 1024, 5000)).toBe(1024);
    expect(end(0, 1024, 700)).toBe(512);
    expect(end(512, 1536, 700)).toBeNull();
    expect(end(0, 1024, 255)).toBeNull();
  });

  it('goes back to the backup, and then behind everything that was signed', () => {
    expect(end(0, 1024, 5000, restored(600, 1500))).toBe(512);
    expect(end(512, 1536, 5000, restored(600, 1500))).toBe(1536);
    // The file becomes longer than it should be, or waits.
    expect(end(512, 1024, 5000, restored(600, 1500))).toBe(1536);
    expect(end(512, 1024, 1535, restored(600, 1500))).toBeNull();
    expect(end(512, 1024, 5000, restored(600, 1500), restored(1510, 2000))).toBe(2048);
  });
});
