import { Type } from 'typebox';

const idempotencyKey = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^[!-~]+$',
    description: 'Makes a repeat of this request safe: it gets the first answer again. Kept 24 hours.',
    examples: ['onboarding-jane-2026-03'],
  }),
);

export const IdempotencyHeaders = Type.Object({ 'Idempotency-Key': idempotencyKey });

export const CreateRequestHeaders = Type.Object({
  'Idempotency-Key': idempotencyKey,
  Prefer: Type.Optional(
    Type.String({
      // As long as all headers together may be: a preference that cannot be read is passed over (RFC 7240 section 2).
      maxLength: 16_384,
      description: '`wait=N` waits up to N seconds, at most 30, for the end of issuing (RFC 7240).',
      examples: ['wait=10'],
    }),
  ),
});
