import { validateSync } from 'class-validator';
import { IsEmailAddress } from './is-email-address.js';

class Request {
  @IsEmailAddress()
  email: unknown;
}

const faultsOf = (email: unknown): unknown[] =>
  validateSync(Object.assign(new Request(), { email })).map(({ property, constraints }) => [property, constraints]);

describe('IsEmailAddress', () => {
  it('accepts an address', () => {
    expect(faultsOf(' Ann@Example.com')).toEqual([]);
  });

  it.each([undefined, null, 1, {}, ['ann@example.com'], 'ann'])(
    'says of %j that it must be an e-mail address',
    (value) => {
      expect(faultsOf(value)).toEqual([['email', { isEmailAddress: 'must be an e-mail address' }]]);
    },
  );
});
