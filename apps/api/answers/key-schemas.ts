import { clientRoles } from '#libs/identity';
import { day, id, instant, listOf, oneOf, orNull, pageOf, record, text, type Schema } from './schema-words.js';

const keyAuthor: Schema = {
  ...orNull(text),
  description: 'An account id, `command-line` or `first-start`; null: nobody did, or it was not noted then.',
};

/** API keys, and the accounts of officers. */
export const keySchemas: { readonly [name: string]: Schema } = {
  Officers: record({ items: listOf(record({ accountId: id, role: text, label: text })), next: { type: 'null' } }),
  ApiKey: record(
    {
      keyId: id,
      accountId: { ...id, description: 'What facts name as their actor. An account may have several keys.' },
      role: oneOf(clientRoles),
      operatorBin: { ...orNull(text), description: 'null: not an operator, or one that is bound later.' },
      label: text,
      createdAt: instant,
      issuedBy: keyAuthor,
      boundAt: { ...orNull(instant), description: 'null: it had its operator from the beginning, or has none.' },
      boundBy: keyAuthor,
      revokedAt: orNull(instant),
      revokedBy: keyAuthor,
      lastUsedOn: orNull(day),
    },
    'Everything but the key itself, of which only a hash is kept.',
  ),
  ApiKeyPage: pageOf('ApiKey'),
  IssuedApiKey: record({
    keyId: id,
    accountId: id,
    key: { ...text, description: 'Shown now and never again.', pattern: '^qdg_[a-z-]{1,30}_[A-Za-z0-9_-]{43}$' },
  }),
  RevokedApiKey: record({ keyId: id, accountId: id, revokedAt: instant, revokedBy: keyAuthor }),
  BoundAccount: record({ accountId: id, operatorBin: text }),
};
