import { Page } from '../../parts/page.js';

export const Requests = () => <Page title="Requests">{''}</Page>;
