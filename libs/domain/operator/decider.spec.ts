import { specificationOf } from '#libs/testing';
import { operatorDecider } from './decider.js';
import type { OperatorDetails } from './events.js';

const { given } = specificationOf(operatorDecider);
const details: OperatorDetails = { bin: '940140000385', name: 'ЖШС', language: 'kk', contacts: null };
const register = { type: 'RegisterOperator', details } as const;
const known = given([]).when(register, {}).facts();

describe('an operator', () => {
  it('is registered once; an intake that names it again changes nothing', () => {
    expect(known).toEqual([{ type: 'OperatorRegistered', data: details }]);
    expect(given(known).when(register, {}).rejection().code).toBe('operator-known');
    const named = { ...register, details: { ...details, name: 'another' }, ifUnknown: true } as const;
    expect(given(known).when(named, {}).facts()).toEqual([]);
    expect(given([]).when(named, {}).facts()).toHaveLength(1);
  });

  it('is changed when something differs', () => {
    const change = { type: 'ChangeOperator', details: { ...details, language: 'ru' } } as const;
    const changed = given(known).when(change, {}).facts();
    expect(changed).toEqual([{ type: 'OperatorChanged', data: change.details }]);
    expect(
      given([...known, ...changed])
        .when(change, {})
        .facts(),
    ).toEqual([]);
    expect(given([]).when(change, {}).rejection().code).toBe('operator-unknown');
  });

  it.each(['', '94014000038', '940140000386', '94014000038x'])('has a BIN that can be one: not %j', (bin) => {
    const wrong = given([]).when({ ...register, details: { ...details, bin } }, {});
    expect(wrong.rejection()).toMatchObject({ code: 'bin-malformed', fields: [{ pointer: '/bin' }] });
  });
});
