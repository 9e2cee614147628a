/** How long a mailed link of each purpose can be used; the mail says it, and whoever makes the link keeps to it. */
export const LINK_LIFE_SECONDS = {
  verify_email: 24 * 60 * 60,
  password_reset: 30 * 60,
  email_change: 60 * 60,
  invitation: 7 * 24 * 60 * 60,
} as const;

export type LinkPurpose = keyof typeof LINK_LIFE_SECONDS;

export const isLinkPurpose = (purpose: string): purpose is LinkPurpose => Object.hasOwn(LINK_LIFE_SECONDS, purpose);
