import type { LinkPurpose } from '../../shared/link-lives.js';

const PATHS: Readonly<Record<LinkPurpose, string>> = {
  verify_email: '/verify-email',
  password_reset: '/reset-password',
  invitation: '/accept-invitation',
  email_change: '/confirm-email',
};

/** Where the frontend takes a link's token: in the fragment, which reaches no server's log. */
export const linkAddress = (appUrl: string, purpose: LinkPurpose, token: string): string =>
  `${appUrl}${PATHS[purpose]}#token=${token}`;
