import { readFileSync } from 'node:fs';

export interface ConfigFault {
  readonly name: string;
  readonly message: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that names a file with the value of `name` in it, as secrets arrive in containers. */
export const fileVariable = (name: string) => `${name}_FILE`;

function withSecretFiles(
  given: Environment,
  secrets: readonly string[],
  fault: (name: string, message: string) => void,
): Environment {
  const environment = { ...given };
  for (const name of secrets) {
    const variable = fileVariable(name);
    const file = given[variable]?.trim();
    if (!file) continue;
    if (given[name]?.trim()) {
      fault(variable, `is set and so is ${name}: one of them must go`);
      continue;
    }
    try {
      environment[name] = readFileSync(file, 'utf8').trim();
      if (environment[name] === '') fault(variable, 'names an empty file');
    } catch (error) {
      fault(variable, `names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  return environment;
}

function findUrl(text: string, protocols: readonly string[]): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && protocols.includes(url.protocol) && url.hostname !== '' ? url : undefined;
}

/** Collects faults instead of throwing at the first. An empty value counts as not set, as in compose files. */
export function reader(given: Environment, secrets: readonly string[]) {
  const faults: ConfigFault[] = [];
  const fault = (name: string, message: string) => void faults.push({ name, message });
  const environment = withSecretFiles(given, secrets, fault);
  const text = (name: string) => environment[name]?.trim() || undefined;
  return {
    faults,
    fault,
    text,
    checked: (name: string, isRight: (value: string) => boolean, message: string) => {
      const value = text(name);
      if (value === undefined || isRight(value)) return value;
      fault(name, message);
      return undefined;
    },
    whole: (name: string, byDefault: number, min: number, max: number) => {
      const value = text(name);
      if (value === undefined) return byDefault;
      const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      fault(name, `must be a whole number from ${min} to ${max}`);
      return byDefault;
    },
    choice: <T extends string>(name: string, choices: readonly T[], byDefault: T): T => {
      const value = text(name);
      if (value === undefined) return byDefault;
      const found = choices.find((choice) => choice === value);
      if (found === undefined) fault(name, `must be one of ${choices.join(', ')}`);
      return found ?? byDefault;
    },
    url: (name: string, protocols: readonly string[]) => {
      const value = text(name);
      if (value === undefined || findUrl(value, protocols)) return value;
      fault(name, `must be an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
      return undefined;
    },
  };
}

export type Reader = ReturnType<typeof reader>;
