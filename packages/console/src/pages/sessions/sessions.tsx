import { Page } from '../../parts/page.js';

export const Sessions = () => <Page title="Sessions">{''}</Page>;
