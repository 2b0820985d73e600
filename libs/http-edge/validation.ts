import { ValidationPipe, type ValidationError } from '@nestjs/common';
import type { FieldFault } from '#libs/kernel';
import { HttpProblem } from './http-problem.js';

const step = (name: string) => `/${name.slice(0, 100).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`;
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/^-/, '');

/**
 * class-validator's tree of errors as a flat list with JSON pointers; the code is the decorator's name (`isString` is
 * `is-string`, a field nobody declared is `unknown-field`). Values are never repeated.
 */
export function validationFaults(errors: readonly ValidationError[], parent = ''): FieldFault[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const pointer = `${parent}${step(property ?? '')}`;
    const own = Object.entries(constraints).map(([name, message]) =>
      name === 'whitelistValidation'
        ? { pointer, code: 'unknown-field', message: 'there is no such field here' }
        : { pointer, code: kebab(name), message },
    );
    return [...own, ...validationFaults(children, pointer)];
  });
}

/** Bodies and parameters become instances of their request classes; undeclared fields and wrong ones are 400 with all faults. */
export const validationPipe = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new HttpProblem(400, 'invalid-request', undefined, validationFaults(errors)),
  });
