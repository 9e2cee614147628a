/** The groups of routes, in the order in which they are shown. */
export const TAGS: Readonly<Record<string, string>> = {
  'sign-in': 'Registration, sign-in in one or two steps, refresh and sign-out.',
  account: 'What owners see and change of their account, and the links that are mailed to them.',
  sessions: 'The live sessions of an account: who is signed in, and ending them.',
  'second factor': 'An authenticator app and the recovery codes beside it.',
  services: 'For other services: the key set, introspection, and the feed of what is revoked.',
  'admin: users': 'Accounts of everyone: finding, inviting, changing, helping and deleting them.',
  'admin: sessions': 'Sessions of everyone: finding them, and ending one or many at once.',
  'admin: events': 'The record of security events: reading, exporting and checking it.',
  'admin: signing keys': 'The keys that sign access tokens, and their rotation.',
  'admin: service clients': 'The services that may ask about tokens.',
  'admin: diagnostics': 'How this deployment sees its callers.',
  health: 'For the platform’s probes.',
};
