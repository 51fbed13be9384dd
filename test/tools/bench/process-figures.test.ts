// Tests bench/process-figures.ts
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  memoryOf,
  processorMilliseconds,
  processorTicksIn,
  threadTimeIn,
  threadTimes,
  writtenOctets,
  writtenOctetsIn,
} from '../../../bench/process-figures.js';

/** Fields 3 to 13 of /proc/PID/stat, and then user, system, and the same of the children that have ended. */
const stat = (command: string, ...times: readonly number[]) =>
  `4711 (${command}) S 1 4711 4711 0 -1 4194560 90000 0 12 0 ${times.join(' ')} 20 0 11 0 12345 0`;

describe('processorTicksIn', () => {
  it('adds user and system time of the process and of its children that have ended', () => {
    expect(processorTicksIn(stat('node', 1000, 200, 30, 4))).toBe(1234);
  });

  it('reads the fields after any name', () => {
    expect(processorTicksIn(stat('a) b (c', 1, 2, 3, 4))).toBe(10);
  });
});

describe('writtenOctetsIn', () => {
  it('takes what went to the disk, and not what was written to sockets or taken back', () => {
    const io =
      'rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n';
    expect(writtenOctetsIn(io)).toBe(8192);
  });
});

describe('threadTimeIn', () => {
  it('reads nanoseconds on a core and without one', () => {
    expect(threadTimeIn('2500000 500000 17\n')).toEqual({ busy: 2.5, waiting: 0.5 });
  });
});

describe.runIf(process.platform === 'linux')('figures of a process', () => {
  it('include those of its children, before and after they end', async () => {
    const before = processorMilliseconds(process.pid);
    const child = spawn('sh', ['-c', 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done; read x']);
    await once(child.stdout, 'data');
    const ofChild = processorMilliseconds(child.pid!);
    const meanwhile = processorMilliseconds(process.pid);
    expect(meanwhile - before).toBeGreaterThanOrEqual(ofChild);
    child.stdin.end();
    await once(child, 'exit');
    expect(processorMilliseconds(process.pid)).toBeGreaterThanOrEqual(meanwhile);
    expect(processorMilliseconds(child.pid!)).toBe(0);
  });

  it('tell threads apart by their names', () => {
    const times = threadTimes(process.pid);
    expect(times.size).toBeGreaterThan(0);
    const busy = [...times.values()].reduce((sum, time) => sum + time.busy, 0);
    expect(busy).toBeGreaterThan(0);
    expect(threadTimes(0x7fffffff).size).toBe(0);
  });

  it('are numbers', () => {
    expect(writtenOctets(process.pid)).toBeGreaterThanOrEqual(0);
    const { now, peak } = memoryOf(process.pid);
    expect(now).toBeGreaterThan(10);
    expect(peak).toBeGreaterThanOrEqual(now);
  });
});
