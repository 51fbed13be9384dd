import { DerError, DerReader, PrimalityTests, primeModulus, type TestedFor } from '@kubepass/x509';
import { type PublicKeyTree, readPublicKeyTree, rsaMagnitudes } from '@kubepass/x509/tree';
import type { Budget, DecodedObject, Material } from '../model/decoded.js';

const primality = new PrimalityTests(100);

/** A test of a longer modulus takes too long. No key of that size is in use for certificates. */
const LONGEST_TESTED_MODULUS = 4096;

/** Adds an observation to each object whose RSA modulus is prime, until the budget is used up. Throws as `isPrime` does. */
export async function observePrimeModuli(
  objects: readonly DecodedObject[],
  budget: Budget,
  caller?: TestedFor,
): Promise<readonly DecodedObject[]> {
  const verdicts = new Map<string, boolean>();
  const observed: DecodedObject[] = [];
  for (const object of objects) {
    const modulus = modulusOf(object);
    const name = modulus?.toString('latin1') ?? '';
    if (modulus && !verdicts.has(name) && budget.mayTestModulus())
      verdicts.set(name, await primality.isPrime(modulus, caller));
    observed.push(verdicts.get(name) ? withPrimeModulus(object) : object);
  }
  return observed;
}

function withPrimeModulus(object: DecodedObject): DecodedObject {
  const observations = [...object.observations, { code: 'RsaKeyFactorable', message: primeModulus } as const];
  if (
    object.content.type === 'CertificationRequest' &&
    observations.every(({ code }) => code !== 'RequestNotAcceptable')
  )
    return {
      ...object,
      observations: [...observations, { code: 'RequestNotAcceptable', message: `${primeModulus} (KeyNotAllowed)` }],
    };
  return { ...object, observations };
}

/** The RSA modulus, big-endian; null where the object has none that is tested. */
function modulusOf({ material }: DecodedObject): Buffer | null {
  try {
    const rsa = material === null ? null : publicKeyOf(material)?.rsa?.value;
    const key = rsa ? rsaMagnitudes(rsa) : null;
    return key !== null && key.bits <= LONGEST_TESTED_MODULUS ? key.modulus : null;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

/** Throws `DerError`. */
function publicKeyOf(material: Material): PublicKeyTree | null {
  switch (material.kind) {
    case 'certificate':
    case 'request':
      return material.tree.publicKey;
    case 'publicKey':
    case 'privateKey':
      return readPublicKeyTree(new DerReader(material.subjectPublicKeyInfo));
    case 'list':
      return null;
  }
}
