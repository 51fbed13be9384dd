import { Page } from '../../parts/page.js';

export const Tokens = () => <Page title="Tokens">{''}</Page>;
