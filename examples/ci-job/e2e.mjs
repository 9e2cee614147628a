// What a frontend has to get right, against the real service: run by `npm run e2e`, on a laptop as in CI.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { createClient, unwrap } from '@gatehouse/client';
import { startTestkit } from '@gatehouse/testkit';

const ADA = { email: 'ada@example.com', password: 'seven copper lanterns drifting' };

let gatehouse;
let client;
before(async () => {
  gatehouse = await startTestkit({ accounts: [ADA], env: { JWT_EXPIRE: '5m' } });
});
after(() => gatehouse.stop());
beforeEach(async () => {
  client = createClient({ url: gatehouse.url, mode: 'body' });
  await client.signIn(ADA);
});
afterEach(() => client.close());

test('stays signed in when the access token expires', async () => {
  gatehouse.clock.advance(5 * 60);
  assert.equal((await unwrap(client.api.GET('/api/me'))).email, ADA.email);
});

test('stays signed in when the answer to a refresh is lost', async () => {
  const before = gatehouse.refreshAnswers.dropped;
  gatehouse.refreshAnswers.drop(1);
  gatehouse.clock.advance(5 * 60);
  assert.equal((await unwrap(client.api.GET('/api/me'))).email, ADA.email);
  assert.equal(gatehouse.refreshAnswers.dropped, before + 1);
});

test('is signed out when somebody ends the session elsewhere', async () => {
  const other = createClient({ url: gatehouse.url, mode: 'body' });
  await other.signIn(ADA);
  await other.signOutEverywhere();
  other.close();
  await assert.rejects(unwrap(client.api.GET('/api/me')));
  assert.equal(client.session.state.status, 'signedOut');
});

test('leads a newcomer through the mail', async () => {
  const mary = { email: 'mary@example.com', password: 'nine quiet harbours by night' };
  await client.register(mary);
  const { link } = await gatehouse.mailbox.eventuallyMail(mary.email, 'verify_email');
  assert.match(link, /#token=/);
});
