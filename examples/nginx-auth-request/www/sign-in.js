const gatehouse = document.querySelector('meta[name=gatehouse]').content;
const [form, said] = [document.querySelector('#sign-in'), document.querySelector('#said')];

/** Where to go on: a path of this site, whatever the address says. */
function destination() {
  const to = new URL(new URLSearchParams(location.search).get('to') ?? '/private/', location.origin);
  return to.origin === location.origin ? to.pathname : '/private/';
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { email, password } = Object.fromEntries(new FormData(form));
  const response = await fetch(`${gatehouse}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const answer = await response.json();
  if (!response.ok) {
    said.textContent = answer.detail;
    return;
  }
  // For the private part alone, and no longer than the token lives: then the site asks to sign in again.
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `access_token=${answer.accessToken}; Path=/private/; Max-Age=${answer.expiresIn}; SameSite=Strict${secure}`;
  location.assign(destination());
});
