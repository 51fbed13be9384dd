// Tests src/kubernetes/token-review.ts
import { describe, expect, it } from 'vitest';
import { readTokenReview } from '../../../src/kubernetes/token-review.js';

const user = {
  username: 'system:serviceaccount:ci:deployer',
  uid: 'b3b4a0f6',
  groups: ['system:serviceaccounts'],
  extra: { 'authentication.kubernetes.io/credential-id': ['JTI=0a9f'] },
};
const status = (more: object = {}) => ({ status: { authenticated: true, audiences: ['kubepass'], user, ...more } });
const read = (answer: unknown) => readTokenReview(answer, 'kubepass');

describe('the answer to a TokenReview', () => {
  it('is a yes with a user, for the audience that was asked about', () => {
    expect(read(status())).toEqual({
      ...{ verdict: 'authenticated', username: user.username, uid: 'b3b4a0f6', groups: user.groups },
      credentialId: 'JTI=0a9f',
    });
    const { uid: _uid, groups: _groups, extra: _extra, ...bare } = user;
    expect(read(status({ user: bare }))).toMatchObject({ uid: '', groups: [], credentialId: null });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'authenticated'],
    ['no status', {}],
    ['no yes', status({ authenticated: undefined })],
    ['a no', status({ authenticated: false })],
    ['a yes that is a text', status({ authenticated: 'true' })],
    ['no audiences, which is a yes for any', status({ audiences: undefined })],
    ['empty audiences', status({ audiences: [] })],
    ['other audiences', status({ audiences: ['https://kubernetes.default.svc'] })],
    ['an audience in another list', status({ audiences: [['kubepass']] })],
    ['an audience that is a text', status({ audiences: 'kubepass' })],
    ['no user', status({ user: undefined })],
    ['a user without a name', status({ user: { ...user, username: '' } })],
    ['a user whose name is a list', status({ user: { ...user, username: [user.username] } })],
    ['a user whose groups are a text', status({ user: { ...user, groups: 'system:serviceaccounts' } })],
    ['inherited members', Object.create(status())],
  ])('is a no where it has %s', (_what, answer) => {
    expect(read(answer)).toMatchObject({ verdict: 'refused' });
  });

  it('says why it is a no, as the cluster does', () => {
    const error = '[invalid bearer token, service account token has been invalidated]';
    expect(read({ status: { error } })).toEqual({
      verdict: 'refused',
      message: `the cluster does not accept the token: ${error}`,
    });
  });
});
