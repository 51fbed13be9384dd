import { Page } from '../../parts/page.js';

export const RequestPage = () => <Page title="Request">{''}</Page>;
