import { Gauge, type Registry } from 'prom-client';
import { refusedFileKinds, type StandingFaults } from '../../model/measures.js';

/** Faults that go on until somebody mends their cause. `faults` is null until the parts that know of them are open. */
export function faultMetrics(registry: Registry, faults: () => StandingFaults | null): void {
  const registers = [registry];
  new Gauge({
    name: 'kubepass_files_refused',
    help: 'Whether files cannot be used as they are now, so that their older content is in force.',
    labelNames: ['kind'] as const,
    registers,
    collect() {
      this.reset();
      const found = faults();
      if (found !== null)
        for (const kind of refusedFileKinds) this.set({ kind }, Number(found.areFilesRefused[kind]()));
    },
  });
  new Gauge({
    name: 'kubepass_audit_retention_failing',
    help: 'Whether the last attempt at archiving old audit events failed.',
    // Otherwise it would show 0 before anybody knows.
    labelNames: [],
    registers,
    collect() {
      this.remove();
      const found = faults();
      if (found !== null) this.set(Number(found.isRetentionFailing()));
    },
  });
}
