import { Page } from '../../parts/page.js';

export const CertificatePage = () => <Page title="Certificate">{''}</Page>;
