import { type Fixture, single } from './fixture.js';
import { archiveFixtures, otherFixtures } from './sets/archives.js';
import { certificateFixtures } from './sets/certificates.js';
import { chainFixtures } from './sets/chains.js';
import { encodingFixtures } from './sets/encodings.js';
import { healthyFolderFixtures } from './sets/healthy-folders.js';
import { goRefusalFixtures } from './sets/go-refusals.js';
import { keyFixtures } from './sets/keys.js';
import { kubeconfigFixtures } from './sets/kubeconfigs.js';
import { layoutFixtures } from './sets/layouts.js';
import { listFixtures } from './sets/lists.js';
import { manifestFixtures } from './sets/manifests.js';
import { requestFixtures } from './sets/requests.js';
import { storeFixtures } from './sets/stores.js';

/** A fixture that was made by hand, as README.md beside the corpus says. */
const byHand = (name: string, about: string, extension: string): Fixture =>
  single(name, about, extension, () => {
    throw new Error(`${name} is not built here: packages/inspect/corpus/README.md says how it was made`);
  });

export const fixtures: readonly Fixture[] = [
  ...certificateFixtures,
  ...encodingFixtures,
  ...goRefusalFixtures,
  ...keyFixtures,
  ...storeFixtures,
  ...listFixtures,
  ...requestFixtures,
  ...chainFixtures,
  ...kubeconfigFixtures,
  ...manifestFixtures,
  ...archiveFixtures,
  ...layoutFixtures,
  ...healthyFolderFixtures,
  ...otherFixtures,
  byHand('kubeadm-pki', "kubeadm's PKI folder: 22 files", 'tar'),
  byHand('kubeadm-kubernetes', 'all of /etc/kubernetes: the PKI folder and five kubeconfigs', 'tar.gz'),
];
