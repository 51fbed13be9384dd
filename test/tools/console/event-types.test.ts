// Tests packages/console/src/pages/audit/event-types.ts
import { expect, it } from 'vitest';
import { eventTypes } from '../../../packages/console/src/pages/audit/event-types.js';
import { auditEventTypes } from '../../../src/model/audit-event.js';

it('the filter of the console offers every type of audit event', () => {
  expect([...eventTypes].sort()).toEqual([...auditEventTypes].sort());
});
