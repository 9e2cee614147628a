import { GatehouseError, createClient, unwrap } from '@gatehouse/client';

const client = createClient({ url: document.querySelector('meta[name=gatehouse]').content, mode: 'cookie' });
const element = (id) => document.getElementById(id);
const say = (text) => (element('said').textContent = text);
const show = (id) => {
  for (const part of ['sign-in', 'second-factor', 'account']) element(part).hidden = part !== id;
};

/** What a person is told; whatever is not here has its own `message`. */
const WORDS = {
  invalid_credentials: 'Wrong address or password.',
  mfa_invalid: 'Wrong code.',
  refresh_reused: 'Somebody else may have used your session. Change your password.',
  unreachable: 'There is no connection.',
};
function tell(error) {
  if (!(error instanceof GatehouseError)) throw error;
  const wait = error.retryAfterSeconds === undefined ? '' : ` Try again in ${error.retryAfterSeconds} s.`;
  say((WORDS[error.code] ?? error.message) + wait);
}
/** Does what a form or button is for; what comes of it shows in the session's state. */
const on = (id, event, work) =>
  element(id).addEventListener(event, (happened) => {
    happened.preventDefault();
    say('');
    work(Object.fromEntries(new FormData(event === 'submit' ? element(id) : undefined))).catch(tell);
  });

let mfaToken;
on('sign-in', 'submit', async (credentials) => {
  const result = await client.signIn(credentials);
  if (result.status !== 'mfaRequired') return;
  ({ mfaToken } = result);
  show('second-factor');
});
on('second-factor', 'submit', ({ code }) => client.confirmSignIn({ mfaToken, code }));
on('sign-out', 'click', () => client.signOut());

/** Runs at every change, whichever tab made it. */
async function render(state) {
  if (state.status === 'signedIn') {
    const { email } = await unwrap(client.api.GET('/api/me'));
    element('email').value = email;
    for (const form of document.forms) form.reset();
    show('account');
  } else {
    if (state.reason) say(WORDS[state.reason] ?? 'You are signed out.');
    show(state.status === 'signedOut' ? 'sign-in' : undefined);
  }
}
client.session.subscribe((state) => render(state).catch(tell));
client.session.ready.then(render).catch(tell);
