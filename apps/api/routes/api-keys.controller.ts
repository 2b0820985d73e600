import { Controller, Inject, Param } from '@nestjs/common';
import { derivedId, RejectedError, type Uuid } from '#libs/kernel';
import { apiKeyView, itemsOf } from '../answers/views.js';
import { Commands } from '../commands.js';
import { Ask, BodyOf, Exchange, QueryOf } from '../exchange.js';
import { notFound } from '../faults.js';
import { API_PARTS, type ApiParts } from '../parts.js';
import { given } from '../questions.js';
import { ApiKeyBody, ApiKeysQuery, BindingBody } from '../requests/api-key.request.js';
import { idOf } from '../requests/filing-input.js';
import { Command, Question } from '../routing.js';

const tag = 'api-keys';
const params = { keyId: 'Id of the key; it is not the key.' };

/**
 * Keys are no facts: a fact stands for ever and is copied into every backup's log. What was done to a key, by whom and
 * when, stands in its row.
 */
@Controller('api/v1/api-keys')
export class ApiKeysController {
  constructor(
    private readonly commands: Commands,
    @Inject(API_PARTS) private readonly parts: ApiParts,
  ) {}

  @Question('', {
    action: 'read-api-keys',
    summary: 'API keys, revoked ones too, the oldest first',
    query: ApiKeysQuery,
    answer: 'ApiKeyPage',
    tag,
  })
  async list(@QueryOf(ApiKeysQuery) query: ApiKeysQuery) {
    return itemsOf(await this.parts.identity.listKeys(query), apiKeyView);
  }

  @Question(':keyId', { action: 'read-api-keys', summary: 'One API key', params, answer: 'ApiKey', tag })
  async key(@Param('keyId') id: string) {
    return apiKeyView(await this.entry(id));
  }

  @Command('', {
    action: 'issue-api-key',
    summary: 'Issue an API key',
    description:
      'The key stands in this answer and nowhere else: only its hash is kept. A repeat with the same Idempotency-Key ' +
      'makes no second key and cannot show the first one again: it is refused with 409 `api-key-issued`, and `Location` ' +
      'names the key. An answer that was lost so costs one key that nobody knows; it is listed: revoke it and issue another.',
    body: ApiKeyBody,
    answer: 'IssuedApiKey',
    status: 201,
    tag,
  })
  async issue(@Ask() exchange: Exchange, @BodyOf(ApiKeyBody) body: ApiKeyBody) {
    const request = given({ ...body });
    const { keyId, accountId, key } = await this.commands.under(exchange, 'IssueApiKey', request, {}, ({ commandId }) =>
      this.issueOnce(exchange, request, derivedId(commandId, 'api-key')),
    );
    return { keyId, accountId, key };
  }

  @Command(':keyId/revocation', {
    action: 'revoke-api-key',
    summary: 'Revoke an API key',
    description:
      'It ends at once in the process that answers, in others within ten seconds. A key that was revoked before is ' +
      'answered as it was. The last key of an administrator is kept (409): issue another first.',
    params,
    answer: 'RevokedApiKey',
    tag,
  })
  async revoke(@Ask() exchange: Exchange, @Param('keyId') id: string) {
    const keyId = idOf(id, 'api-key');
    const { accountId, revokedAt, revokedBy } = await this.commands.under(exchange, 'RevokeApiKey', { keyId }, {}, () =>
      this.parts.identity.revokeKey(keyId, exchange.caller.account),
    );
    return { keyId, accountId, revokedAt, revokedBy };
  }

  @Command(':keyId/operator', {
    action: 'bind-api-key',
    summary: "Bind the key's account, with all its keys, to its operator",
    description:
      'Once: an account stays with its operator. The operator need not be registered yet; it registers itself.',
    params,
    body: BindingBody,
    answer: 'BoundAccount',
    tag,
  })
  async bind(@Ask() exchange: Exchange, @Param('keyId') id: string, @BodyOf(BindingBody) { operatorBin }: BindingBody) {
    const { accountId } = await this.entry(id);
    const binding = { accountId, operatorBin };
    return this.commands.under(exchange, 'BindAccount', binding, {}, async () => {
      await this.parts.identity.bindOperator(accountId, operatorBin, exchange.caller.account);
      return binding;
    });
  }

  private async issueOnce(exchange: Exchange, request: ApiKeyBody, keyId: Uuid) {
    const location = `/api/v1/api-keys/${keyId}`;
    try {
      const issued = await this.parts.identity.issueKey({ ...request, keyId }, exchange.caller.account);
      exchange.answerHeader('location', location);
      return issued;
    } catch (error) {
      if (error instanceof RejectedError && error.rejection.code === 'api-key-issued')
        exchange.answerHeader('location', location);
      throw error;
    }
  }

  private async entry(id: string) {
    const found = await this.parts.identity.findKey(idOf(id, 'api-key'));
    if (found === undefined) throw notFound('api-key');
    return found;
  }
}
