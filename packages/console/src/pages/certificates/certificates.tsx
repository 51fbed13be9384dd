import { Page } from '../../parts/page.js';

export const Certificates = () => <Page title="Certificates">{''}</Page>;
