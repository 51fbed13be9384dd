// `npm run release:prepare -- VERSION`: the files of a release, for a person to review and commit.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepareRelease } from './prepare-release.js';
import { ReleaseError, runProgram } from './release-error.js';

await runProgram(() => {
  const [version, ...others] = parseArgs({ allowPositionals: true, options: {} }).positionals;
  if (version === undefined || others.length > 0)
    throw new ReleaseError('name one version: npm run release:prepare -- 1.4.0');
  const files = prepareRelease(fileURLToPath(new URL('../../', import.meta.url)), version, new Date());
  console.log(`${version} stands in ${files.length} files, and nothing is committed:\n  ${files.join('\n  ')}
Now
  1. read the section of ${version} in CHANGELOG.md and the other changes (git diff), and run CI (npm run ci)
  2. commit them on a branch (git commit --all --message 'kubepass ${version}'), let somebody review it, and merge it
  3. tag the merged commit (git tag --sign v${version} --message 'kubepass ${version}') and push the tag:
     .github/workflows/release.yaml makes and publishes everything else
To take it back: git checkout -- .`);
});
