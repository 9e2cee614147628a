import { validateSync } from 'class-validator';
import { asUserId } from '../shared/ids.js';
import type { Account } from './account.js';
import { normaliseEmail } from './email-address.js';
import { UpdateProfileRequest, UserResponse } from './user.dto.js';

const email = normaliseEmail('ann@example.com');
if (!email) throw new Error('not an address');
const account: Account = {
  id: asUserId('019ab000-0000-7000-8000-000000000000'),
  email,
  emailVerified: true,
  name: null,
  roles: ['admin'],
  disabled: false,
  mfaEnabled: false,
  deviceVersion: 1,
  hasPassword: true,
  isUnusedRegistration: false,
  credentialVersion: 3,
  ver: 2,
  createdAt: new Date('2026-11-24T06:14:00.5Z'),
  lastLoginAt: null,
};

describe('UserResponse', () => {
  it('tells what the contract lists and nothing more, times in RFC 3339', () => {
    expect(JSON.parse(JSON.stringify(UserResponse.from(account)))).toEqual({
      id: account.id,
      email: 'ann@example.com',
      emailVerified: true,
      name: null,
      roles: ['admin'],
      disabled: false,
      mfaEnabled: false,
      createdAt: '2026-11-24T06:14:00.500Z',
      lastLoginAt: null,
    });
  });
});

describe('UpdateProfileRequest', () => {
  const faultsOf = (body: object): unknown[] =>
    validateSync(Object.assign(new UpdateProfileRequest(), body)).map(({ constraints }) => constraints);

  it.each([[{}], [{ name: null }], [{ name: ' Ann ' }]])('accepts %j', (body) => {
    expect(faultsOf(body)).toEqual([]);
  });

  it.each([[{ name: '' }], [{ name: 1 }], [{ name: ['Ann'] }], [{ name: 'Ann\nLee' }]])('refuses %j', (body) => {
    expect(faultsOf(body)).toEqual([{ isLineOfText: 'must be 1 to 100 characters of text on one line' }]);
  });
});
