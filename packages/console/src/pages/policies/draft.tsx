import { Page } from '../../parts/page.js';

export const PolicyDraft = () => <Page title="PolicyDraft">{''}</Page>;
