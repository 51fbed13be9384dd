// Tests packages/kubectl-kubepass/src/machine.ts, packages/kubectl-kubepass/src/this-machine.ts
import { expect, it, vi } from 'vitest';
import { oneLine, printable, printableInColours } from '../src/machine.js';
import { thisMachine } from '../src/this-machine.js';

it('shows the control characters of a server’s text as what they are not', () => {
  expect(printable('open \u001b]8;;file:///etc\u0007here\u001b[2K\r')).toBe(
    'open \ufffd]8;;file:///etc\ufffdhere\ufffd[2K\ufffd',
  );
  expect(printable('alice\u202egnp.exe\u2066')).toBe('alice\ufffdgnp.exe\ufffd');
});

it('leaves lines, tables and other scripts as they are', () => {
  const text = 'NAME\tUNTIL\njürgen\t😀 東京\n';
  expect(printable(text)).toBe(text);
});

it('shows a line of a server as one line', () => {
  expect(oneLine('not now\nkubepass: run\tthis\r\u001b[1A')).toBe('not now kubepass: run this\ufffd\ufffd[1A');
});

it('lets colours of our own through, and nothing else that begins with an escape', () => {
  const text = 'a \u001b[31merror\u001b[39m\tb\n';
  expect(printableInColours(text)).toBe(text);
  expect(printableInColours('\u001b[2J\u001b[1;31m\u001b]0;x\u0007\u009b31m\u202e\u001b')).toBe(
    '\ufffd[2J\ufffd[1;31m\ufffd]0;x\ufffd\ufffd31m\ufffd\ufffd',
  );
});

it('knows which processes run, and never writes what would move the cursor', () => {
  expect(thisMachine.isRunning(process.pid)).toBe(true);
  expect(thisMachine.isRunning(2 ** 22 + 1)).toBe(false);
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    thisMachine.say('one\u001b[2J\ntwo');
    expect(write.mock.calls).toEqual([['one\ufffd[2J two\n']]);
  } finally {
    write.mockRestore();
  }
});
