import type { Samples } from './samples.js';

/** A call of the service, as a client makes it. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly json?: Readonly<Record<string, unknown>>;
  readonly as: 'admin' | 'owner';
  /** Besides 200 and 204. */
  readonly mayAnswer?: number;
  /** Only what ends everything does: there is no asking afterwards. */
  readonly commits?: true;
}

type Filter = Readonly<Record<string, string | boolean>>;

const list = (path: string, filter: Filter = {}, as: Call['as'] = 'admin'): Call => {
  const query = new URLSearchParams(Object.entries(filter).map(([name, value]) => [name, String(value)])).toString();
  return { method: 'GET', url: query === '' ? path : `${path}?${query}`, as };
};

const REVOKE = '/api/admin/sessions/revoke';
const revoke = (filter: Filter, mayAnswer?: number): Call => ({
  method: 'POST',
  url: REVOKE,
  json: { ...filter, reason: 'bench' },
  as: 'admin',
  ...(mayAnswer === undefined ? {} : { mayAnswer }),
});
const TOO_MANY = 422;

/** Each filter of the sessions alone and in the combinations that an incident asks for. */
const sessionFilters = (of: Samples): Filter[] => [
  { userId: of.busyUser },
  { userId: of.busyUser, active: true },
  { userId: of.quietUser },
  { ip: of.ownIp },
  { ip: of.officeIp },
  { ip: of.officeIp, active: true },
  { ip: '10.20.30.0/24' },
  { ip: '10.20.30.0/24', active: true },
  { ip: '2001:db8:10::/48' },
  { ip: '192.0.2.0/24' },
  { userAgent: of.userAgent },
  { userAgent: 'ExampleApp/77' },
  { userAgent: 'NoSuchAgent/1' },
  { userAgent: 'ExampleApp/77', ip: '10.20.30.0/24', active: true },
  { createdAfter: of.hourAgo },
  { createdAfter: of.hourAgo, active: true },
  { createdBefore: of.monthsAgo },
  { createdBefore: of.monthsAgo, active: true },
  { createdAfter: of.dayAgo, createdBefore: of.hourAgo },
  { createdAfter: of.dayAgo, ip: of.officeIp },
  { createdAfter: of.dayAgo, userAgent: 'ExampleApp/77' },
];
/** Those that match hundreds of thousands: a list pages through them, a revocation is refused. */
const broadSessionFilters: Filter[] = [
  { active: true },
  { active: false },
  { ip: '81.0.0.0/8' },
  { userAgent: 'Mozilla' },
];

const userFilters = (of: Samples): Filter[] => [
  {},
  { status: 'active' },
  { status: 'disabled' },
  { status: 'unverified' },
  { role: 'admin' },
  { role: 'auditor' },
  { role: 'support' },
  { role: 'nobody' },
  { search: of.busyEmail },
  { search: 'ada' },
  { search: 'ada lovelace' },
  { search: 'example' },
  { search: 'nosuchword' },
  { search: 'ada', status: 'disabled' },
  { search: 'grace', role: 'support' },
  { status: 'disabled', role: 'auditor' },
];

const eventFilters = (of: Samples): Filter[] => [
  {},
  { userId: of.busyUser },
  { userId: of.quietUser },
  { type: 'authn_login_success' },
  { type: 'signing_key_changed' },
  { from: of.dayAgo },
  { to: of.yearAgo },
  { from: of.dayAgo, to: of.hourAgo },
  { userId: of.busyUser, type: 'authn_login_fail' },
  { userId: of.busyUser, type: 'signing_key_changed' },
  { userId: of.busyUser, from: of.dayAgo },
  { type: 'authz_fail', from: of.dayAgo },
  { type: 'signing_key_changed', from: of.yearAgo, to: of.dayAgo },
  { userId: of.busyUser, type: 'session_revoked', from: of.monthsAgo, to: of.dayAgo },
];

/** Every list and every revocation that the service offers. The last one ends all sessions, the caller's among them. */
export function callsOf(of: Samples): Call[] {
  const sessions = sessionFilters(of);
  return [
    list('/api/me/sessions', {}, 'owner'),
    list('/api/me/events', {}, 'owner'),
    ...[{}, ...sessions, ...broadSessionFilters].map((filter) => list('/api/admin/sessions', filter)),
    list(`/api/admin/sessions/${of.session}`),
    ...userFilters(of).map((filter) => list('/api/admin/users', filter)),
    list(`/api/admin/users/${of.busyUser}`),
    ...eventFilters(of).map((filter) => list('/api/admin/events', filter)),
    list('/api/admin/events/export', { from: of.hourAgo }),
    list('/api/admin/events/export', { userId: of.busyUser }),
    list('/api/admin/events/export', { type: 'signing_key_changed' }),
    { method: 'DELETE', url: '/api/me/sessions', as: 'owner' },
    { method: 'DELETE', url: `/api/admin/sessions/${of.session}`, as: 'admin' },
    { method: 'DELETE', url: `/api/admin/users/${of.quietUser}/sessions`, as: 'admin' },
    { method: 'POST', url: REVOKE, json: { ip: of.officeIp, reason: 'bench', dryRun: true }, as: 'admin' },
    ...sessions.map((filter) => revoke(filter)),
    ...broadSessionFilters.map((filter) => revoke(filter, TOO_MANY)),
    { method: 'DELETE', url: `/api/admin/users/${of.busyUser}`, as: 'admin' },
    { method: 'POST', url: REVOKE, json: { all: true, reason: 'bench' }, as: 'admin', commits: true },
  ];
}

/** A call as a line, with the names of samples for their values. */
export function nameOf({ method, url, json }: Call, samples: Samples): string {
  const asked = decodeURIComponent(url.replaceAll('+', ' ')) + (json === undefined ? '' : ` ${JSON.stringify(json)}`);
  return Object.entries(samples).reduce(
    (line, [name, value]) => line.replaceAll(value, `<${name}>`),
    `${method} ${asked}`,
  );
}

/** The call for the page after an answer, where it names one. */
export function nextPage(call: Call, answer: string): Call | undefined {
  const [, cursor] = /"nextCursor":"([^"]+)"/.exec(answer) ?? [];
  const sign = call.url.includes('?') ? '&' : '?';
  return cursor === undefined ? undefined : { ...call, url: `${call.url}${sign}cursor=${encodeURIComponent(cursor)}` };
}
